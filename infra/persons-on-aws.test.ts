import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoInputs } from '../pipelines/persons/demo.ts'
import { migrate } from '../runtime/catalog/migrate.ts'
import { openPgCatalog } from '../runtime/catalog/pg-catalog.ts'
import type { PgServer } from '../runtime/catalog/pg-server.ts'
import { administer, type OwnTestServer, startOwnServer } from '../runtime/catalog/testing/postgres-server.ts'
import type { PlannedRun } from '../runtime/contracts.ts'
import { planRuns } from '../runtime/plan/plan.ts'
import { loadRegistry } from '../runtime/registry/load.ts'
import { S3ObjectStore } from '../runtime/storage/s3.ts'
import { makeS3Client } from '../runtime/storage/s3-client.ts'
import { S3Server } from '../runtime/storage/testing/s3-server.ts'
import { writeJobFiles } from './bundle.ts'
import { catalogEnvironment } from './catalog-access.ts'
import { statementsOf } from './permissions.ts'
import { jobEnvironment } from './run-environment.ts'
import { mayUseS3 } from './testing/iam-policy.ts'
import { awsEnvironment, runNode } from './testing/started-artefact.ts'

const projectRoot = path.resolve(import.meta.dirname, '..')
const plan = planRuns(loadRegistry({ projectRoot, stack: 'dev' }), { stack: 'dev' })
const buckets = plan.buckets as Record<string, string>
const run = plan.runs.find(({ key }) => key === 'persons/main') as PlannedRun

function has(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Lets a server be reached by TLS only by whoever checks its certificate, and lets the run's user in without more. */
async function protect(server: OwnTestServer, folder: string): Promise<string> {
  const { uid, gid } = statSync(server.dataDir)
  const [key, certificate] = ['server.key', 'server.crt'].map((name) => path.join(server.dataDir, name)) as [
    string,
    string,
  ]
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'].concat([
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      certificate,
    ]),
    { stdio: 'ignore' },
  )
  for (const file of [key, certificate]) chownSync(file, uid, gid)
  appendFileSync(path.join(server.dataDir, 'postgresql.conf'), '\nssl = on\n')
  const access = path.join(server.dataDir, 'pg_hba.conf')
  writeFileSync(access, `hostssl all persons_runs all trust\n${readFileSync(access, 'utf8')}`)
  await server.stop()
  await server.start()
  const authority = path.join(folder, 'ca.pem')
  writeFileSync(authority, readFileSync(certificate))
  return authority
}

describe.skipIf(!has('openssl'))(
  'the job of persons on a catalog that wants TLS and a token (needs openssl)',
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'persons-'))
    let database: OwnTestServer
    let catalog: PgServer
    let authority: string
    let server: S3Server

    beforeAll(async () => {
      database = await startOwnServer()
      authority = await protect(database, folder)
      catalog = await database.createDatabase()
      const admin = openPgCatalog({ server: catalog })
      await migrate(admin)
      await admin.close()
      await administer(catalog, 'create role persons_runs login superuser')
      await writeJobFiles({
        projectRoot,
        runs: [run],
        architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
        outDir: path.join(folder, 'app'),
      })
      server = await S3Server.start({
        buckets: [...new Set(Object.values(buckets))],
        authorize: (action, bucket, key, principal) =>
          principal === 'admin' || mayUseS3(statementsOf(run, plan.buckets), action, bucket, key),
      })
    })
    afterAll(async () => {
      await server?.close()
      await database?.remove()
      rmSync(folder, { recursive: true, force: true })
    })

    async function runJob(key: string, changes: Record<string, string> = {}) {
      const address = {
        host: 'localhost',
        port: catalog.port,
        database: catalog.database,
        user: 'persons_runs',
      }
      const env = {
        ...awsEnvironment(server.endpoint, run.names.role),
        ...jobEnvironment(run, plan.buckets, 'v1'),
        ...catalogEnvironment(address as Parameters<typeof catalogEnvironment>[0]),
        NODE_EXTRA_CA_CERTS: authority,
        AWS_BATCH_JOB_ID: 'job-1',
        AWS_BATCH_JOB_ATTEMPT: '1',
        SLUICE_EVENT_BUCKET: buckets.input as string,
        SLUICE_EVENT_KEY: key,
        TMPDIR: folder,
        ...changes,
      }
      const app = path.join(folder, 'app')
      return runNode([path.join(app, 'index.mjs')], { cwd: app, env })
    }

    async function upload(): Promise<string> {
      const { name, content } = demoInputs()[0] as { name: string; content: string }
      const credentials = { accessKeyId: 'admin', secretAccessKey: 'secret' }
      const client = makeS3Client({ region: 'us-west-2', endpoint: server.endpoint, credentials })
      const key = `${run.trigger.source?.prefix}${name}`
      await new S3ObjectStore({ client, bucket: buckets.input as string }).put(key, content)
      return key
    }

    it('refuses a server whose certificate it does not know, and leaves the work for a retry', async () => {
      const { code, output } = await runJob(await upload(), { NODE_EXTRA_CA_CERTS: '' })
      expect(code, output).toBe(75)
      expect(output).toMatch(/self.signed certificate/i)
    })

    it('loads the table within its rights', async () => {
      const { code, output } = await runJob(await upload(), { AWS_BATCH_JOB_ATTEMPT: '2' })
      expect(code, output).toBe(0)
      const [row] = await administer(catalog, 'select count(*)::int as count from persons')
      expect(row?.count).toBeGreaterThan(100)
      expect(server.requests.filter(({ status }) => status === 403)).toEqual([])
      // Nothing of the token is in what the job wrote.
      expect(output).not.toContain('X-Amz-Signature')
    })
  },
)
