import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Plan } from '../../runtime/contracts.ts'
import type { Code } from '../artefacts.ts'
import type { CatalogAccess } from '../catalog-access.ts'
import { stackPartName } from '../names.ts'
import { catalogSetupStatements, logStatements, policyJson, trustJson } from '../permissions.ts'
import { makeIdentity } from './identity.ts'

export interface CatalogDatabaseArgs {
  readonly plan: Plan
  readonly code: Code
  readonly catalog: CatalogAccess
  readonly architecture: 'arm64' | 'x64'
}

/**
 * The stack's own database in the shared cluster: made, migrated and granted by a function that each deployment calls
 * when the function or the database's name has changed, through the Data API. A preview's is dropped with its stack.
 */
export class CatalogDatabase extends pulumi.ComponentResource {
  constructor(name: string, args: CatalogDatabaseArgs, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:CatalogDatabase', name, {}, opts)
    const { plan, code, catalog, architecture } = args
    const functionName = stackPartName(plan, 'catalog-setup')
    const statements = [
      ...catalogSetupStatements(catalog.clusterArn, catalog.secretArn),
      ...logStatements(plan, `/sluice/${functionName}`),
    ]
    const { logGroup, role, access } = makeIdentity(
      name,
      {
        plan,
        logGroupName: `/sluice/${functionName}`,
        role: { name: functionName, assumeRolePolicy: trustJson('lambda.amazonaws.com', plan) },
        policy: () => policyJson(statements, functionName),
      },
      { parent: this },
    )
    const setup = new aws.lambda.Function(
      `${name}-function`,
      {
        name: functionName,
        description: `Sets up the catalog of ${plan.project}, stack ${plan.stack}`,
        ...code.location,
        handler: code.handler,
        runtime: 'nodejs24.x',
        architectures: [architecture === 'arm64' ? 'arm64' : 'x86_64'],
        role: role.arn,
        memorySize: 512,
        // The cluster may have to wake up from 0 ACU first.
        timeout: 600,
        loggingConfig: { logFormat: 'JSON', logGroup: logGroup.name },
        environment: {
          variables: {
            SLUICE_CODE_VERSION: code.version,
            SLUICE_CATALOG_CLUSTER: JSON.stringify({
              clusterArn: catalog.clusterArn,
              secretArn: catalog.secretArn,
              region: plan.region,
            }),
          },
        },
      },
      { parent: this, dependsOn: [access, logGroup] },
    )
    new aws.lambda.Invocation(
      `${name}-setup`,
      {
        functionName: setup.name,
        input: JSON.stringify({ database: catalog.database, user: catalog.user }),
        triggers: { code: code.location.sourceCodeHash },
        lifecycleScope: plan.kind === 'prod' ? 'CREATE_ONLY' : 'CRUD',
      },
      { parent: this },
    )
    this.registerOutputs({ database: catalog.database })
  }
}
