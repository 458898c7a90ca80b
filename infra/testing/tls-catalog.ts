import { execFileSync } from 'node:child_process'
import { appendFileSync, chownSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { migrate } from '../../runtime/catalog/migrate.ts'
import { openPgCatalog } from '../../runtime/catalog/pg-catalog.ts'
import type { PgServer } from '../../runtime/catalog/pg-server.ts'
import {
  administer,
  type OwnTestServer,
  startOwnServer,
} from '../../runtime/catalog/testing/postgres-server.ts'
import { catalogEnvironment } from '../catalog-access.ts'

/** A migrated catalog on a server of its own that talks TLS only, as the one on AWS does. */
export interface TlsCatalog {
  readonly server: PgServer
  /** What tells runs where it is, and whom to trust. */
  readonly environment: Readonly<Record<string, string>>
  remove(): Promise<void>
}

const runsUser = 'sluice_runs'

/** Starts it; `folder` is for the certificate. Its user is let in with any password, for there is no IAM here. */
export async function startTlsCatalog(folder: string): Promise<TlsCatalog> {
  const database = await startOwnServer()
  const authority = await protect(database, folder)
  const server = await database.createDatabase()
  const admin = openPgCatalog({ server })
  await migrate(admin)
  await admin.close()
  await administer(server, `create role ${runsUser} login superuser`)
  const address = { host: 'localhost', port: server.port, database: server.database, user: runsUser }
  return {
    server,
    environment: {
      ...catalogEnvironment(address as Parameters<typeof catalogEnvironment>[0]),
      NODE_EXTRA_CA_CERTS: authority,
    },
    remove: () => database.remove(),
  }
}

/** Lets a server be reached by TLS only by whoever checks its certificate, and lets the runs' user in without more. */
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
  writeFileSync(access, `hostssl all ${runsUser} all trust\n${readFileSync(access, 'utf8')}`)
  await server.stop()
  await server.start()
  const authority = path.join(folder, 'ca.pem')
  writeFileSync(authority, readFileSync(certificate))
  return authority
}
