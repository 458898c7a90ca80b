import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import * as grpc from '@grpc/grpc-js'

/** One call of `registerResource` or `readResource`, as Pulumi's engine gets it. */
export interface Registration {
  readonly type: string
  readonly name: string
  readonly urn: string
  readonly parent: string
  readonly isCustom: boolean
  readonly inputs: Readonly<Record<string, unknown>>
  readonly isProtected: boolean
  readonly isRetained: boolean
  readonly dependencies: readonly string[]
  readonly provider: string
  /** Of a resource that was looked at and not made: its id. */
  readonly readId?: string
}

export interface RecordedProgram {
  readonly exitCode: number | null
  readonly registrations: readonly Registration[]
  readonly outputs: Readonly<Record<string, unknown>>
  /** What the program logged or printed: errors first of all. */
  readonly log: string
}

export interface ProgramOptions {
  /** The folder of Pulumi.yaml. */
  readonly folder: string
  /** From `folder`; `.` is what package.json names as main. */
  readonly program: string
  readonly project: string
  readonly stack: string
  readonly config?: Readonly<Record<string, string>>
  /** Outputs of other stacks, and of its own last deployment, by full name. */
  readonly stacks?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

// Pulumi's generated protocol has no types that fit its own services.
const require = createRequire(import.meta.url)
// biome-ignore lint/suspicious/noExplicitAny: see above
type Untyped = any
const resources: Untyped = require('@pulumi/pulumi/proto/resource_pb.js')
const services: Untyped = require('@pulumi/pulumi/proto/resource_grpc_pb.js')
const engineMessages: Untyped = require('@pulumi/pulumi/proto/engine_pb.js')
const engineServices: Untyped = require('@pulumi/pulumi/proto/engine_grpc_pb.js')
const providers: Untyped = require('@pulumi/pulumi/proto/provider_pb.js')
const { Empty }: Untyped = require('google-protobuf/google/protobuf/empty_pb.js')
const { Struct }: Untyped = require('google-protobuf/google/protobuf/struct_pb.js')

/** What AWS would answer: each resource's inputs, and ARNs and ids that are told apart by its name. */
export function answerOf(type: string, name: string, inputs: Readonly<Record<string, unknown>>): object {
  const id = [inputs.name, inputs.bucket, name].find((text) => typeof text === 'string')
  const computed = { arn: `arn:aws:test:::${type.split(':').at(-1)}/${id}`, name: id, id }
  const extra: Record<string, object> = {
    'aws:batch/jobDefinition:JobDefinition': { arnPrefix: `arn:aws:test:::job-definition/${id}` },
    'aws:iam/role:Role': { uniqueId: 'AROAEXAMPLE' },
    'aws:sqs/queue:Queue': { url: `https://sqs.test/${id}` },
    'aws:s3/bucket:Bucket': { bucketRegionalDomainName: `${id}.s3.us-west-2.amazonaws.com` },
    'aws:cloudfront/distribution:Distribution': { domainName: 'd111111abcdef8.cloudfront.net' },
    'aws:rds/cluster:Cluster': {
      endpoint: 'catalog.cluster.us-west-2.rds.amazonaws.com',
      port: 5432,
      clusterResourceId: 'cluster-ABCDEFGHIJKL',
      masterUserSecrets: [{ secretArn: 'arn:aws:secretsmanager:us-west-2:123456789012:secret:master' }],
    },
    'awsx:ec2:Vpc': {
      vpcId: 'vpc-1',
      publicSubnetIds: ['subnet-p1', 'subnet-p2'],
      isolatedSubnetIds: ['subnet-i1', 'subnet-i2'],
    },
  }
  return { ...computed, ...inputs, ...extra[type] }
}

/**
 * Runs a Pulumi program by Pulumi's own Node runner, as `pulumi up` does, against an engine that records what it is
 * told and makes nothing. Two resources of one URN end the program, as they would there.
 */
export async function recordProgram(options: ProgramOptions): Promise<RecordedProgram> {
  const registrations: Registration[] = []
  let outputs: Record<string, unknown> = {}
  const log: string[] = []
  const server = new grpc.Server()
  const urns = new Set<string>()
  const urnOf = (type: string, name: string, parent: string) => {
    const above = parent.split('::')[2]
    const qualified = above && above !== 'pulumi:pulumi:Stack' ? `${above}$${type}` : type
    return `urn:pulumi:${options.stack}::${options.project}::${qualified}::${name}`
  }
  const structOf = (value: object) => Struct.fromJavaScript(JSON.parse(JSON.stringify(value)))

  server.addService(services.ResourceMonitorService, {
    supportsFeature(_call: Untyped, done: Untyped) {
      const response = new resources.SupportsFeatureResponse()
      response.setHassupport(false)
      done(null, response)
    },
    registerResource({ request }: Untyped, done: Untyped) {
      const [type, name, parent] = [request.getType(), request.getName(), request.getParent()] as string[]
      const inputs = request.getObject()?.toJavaScript() ?? {}
      const urn = urnOf(type as string, name as string, parent as string)
      if (urns.has(urn)) return done({ code: grpc.status.ALREADY_EXISTS, message: `duplicate URN ${urn}` })
      urns.add(urn)
      registrations.push({
        type: type as string,
        name: name as string,
        urn,
        parent: parent as string,
        isCustom: request.getCustom(),
        inputs,
        isProtected: request.getProtect(),
        isRetained: request.getRetainondelete(),
        dependencies: request.getDependenciesList(),
        provider: request.getProvider(),
      })
      const response = new resources.RegisterResourceResponse()
      const answer = answerOf(type as string, name as string, inputs) as { id: string }
      response.setUrn(urn)
      response.setId(request.getCustom() ? answer.id : '')
      response.setObject(structOf(answer))
      done(null, response)
    },
    readResource({ request }: Untyped, done: Untyped) {
      const [type, name, parent, id] = [
        request.getType(),
        request.getName(),
        request.getParent(),
        request.getId(),
      ] as [string, string, string, string]
      const response = new resources.ReadResourceResponse()
      const urn = urnOf(type, name, parent)
      response.setUrn(urn)
      const stackName = request.getProperties()?.toJavaScript().name ?? id
      if (type === 'pulumi:pulumi:StackReference') {
        const known = options.stacks?.[stackName]
        response.setProperties(structOf({ name: stackName, outputs: known ?? {}, secretOutputNames: [] }))
        return done(null, response)
      }
      registrations.push({
        type,
        name,
        urn,
        parent,
        isCustom: true,
        inputs: {},
        isProtected: false,
        isRetained: false,
        dependencies: [],
        provider: request.getProvider(),
        readId: id,
      })
      response.setProperties(structOf({ bucket: id, eventbridge: id !== 'silent-bucket' }))
      done(null, response)
    },
    registerResourceOutputs({ request }: Untyped, done: Untyped) {
      if (request.getUrn().includes('pulumi:pulumi:Stack::'))
        outputs = request.getOutputs()?.toJavaScript() ?? {}
      done(null, new Empty())
    },
    registerPackage(_call: Untyped, done: Untyped) {
      const response = new resources.RegisterPackageResponse()
      response.setRef('package')
      done(null, response)
    },
    signalAndWaitForShutdown: (_call: Untyped, done: Untyped) => done(null, new Empty()),
    invoke(_call: Untyped, done: Untyped) {
      const response = new providers.InvokeResponse()
      response.setReturn(structOf({}))
      done(null, response)
    },
  })
  server.addService(engineServices.EngineService, {
    log({ request }: Untyped, done: Untyped) {
      const isDebug = request.getSeverity() === 0
      if (!isDebug) log.push(request.getMessage())
      done(null, new Empty())
    },
    getRootResource: (_call: Untyped, done: Untyped) =>
      done(null, new engineMessages.GetRootResourceResponse()),
    setRootResource: (_call: Untyped, done: Untyped) =>
      done(null, new engineMessages.SetRootResourceResponse()),
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  try {
    const exitCode = await runProgram(options, `127.0.0.1:${port}`, log)
    return { exitCode, registrations, outputs, log: log.join('\n') }
  } finally {
    server.forceShutdown()
  }
}

function runProgram(options: ProgramOptions, address: string, log: string[]): Promise<number | null> {
  const { folder, program, project, stack, config = {} } = options
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      path.join(path.dirname(require.resolve('@pulumi/pulumi/package.json')), 'cmd/run'),
      '--project',
      project,
      '--stack',
      stack,
      '--organization',
      'organization',
      '--parallel',
      '16',
      '--pwd',
      folder,
      '--monitor',
      address,
      '--engine',
      address,
      program,
    ],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(config),
        PULUMI_NODEJS_TYPESCRIPT: 'false',
      },
    },
  )
  child.stdout.on('data', (text: Buffer) => log.push(text.toString()))
  child.stderr.on('data', (text: Buffer) => log.push(text.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', resolve)
  })
}
