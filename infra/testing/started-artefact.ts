import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { unzipSync } from 'fflate'

/** What a process in a clean folder came to. */
export interface Ended {
  readonly code: number | null
  /** Of a handler, what it returned. */
  readonly answer?: unknown
  /** Of a handler, what it threw. */
  readonly error?: { readonly name: string; readonly message: string }
  /** Every line that it wrote. */
  readonly output: string
}

/** Calls a handler as Lambda does: imports the module, passes event and context, and prints what came of it. */
const driver = `
const [file, event, requestId, remaining] = process.argv.slice(2)
const { handler } = await import(file)
const context = { awsRequestId: requestId, getRemainingTimeInMillis: () => Number(remaining) }
const come = await handler(JSON.parse(event), context).then(
  (answer) => ({ answer }),
  ({ name, message }) => ({ error: { name, message } }),
)
process.stdout.write('\\n' + JSON.stringify({ driver: come }) + '\\n', () => process.exit(0))
`

/** A zip unpacked where nothing of the project can be found, as on Lambda. */
export class UnpackedArtefact {
  readonly folder: string
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'artefact-'))

  constructor(zip: string) {
    this.folder = path.join(this.root, 'task')
    for (const [name, content] of Object.entries(unzipSync(readFileSync(zip)))) {
      const file = path.join(this.folder, name)
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, content)
    }
    writeFileSync(path.join(this.root, 'driver.mjs'), driver)
    mkdirSync(path.join(this.root, 'tmp'))
  }

  /** One cold start and one event. */
  async invoke(
    event: unknown,
    environment: Readonly<Record<string, string>>,
    { requestId = 'request-1', remainingMs = 60_000 } = {},
  ): Promise<Ended> {
    const file = path.join(this.folder, 'index.mjs')
    const args = [
      path.join(this.root, 'driver.mjs'),
      file,
      JSON.stringify(event),
      requestId,
      String(remainingMs),
    ]
    const ended = await runNode(args, {
      cwd: this.folder,
      env: { ...environment, TMPDIR: path.join(this.root, 'tmp') },
    })
    const last = /^\{"driver":.*$/m.exec(ended.output)?.[0]
    return { ...ended, ...(last !== undefined && (JSON.parse(last) as { driver: object }).driver) }
  }

  /** What its files come to, unpacked. */
  bytes(): number {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** Node with this environment and no other variable. */
export function runNode(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--no-warnings', ...args], options)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
      })
    }
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** What Lambda's own environment holds for a role whose key id is `principal`. */
export function awsEnvironment(endpoint: string, principal: string): Record<string, string> {
  return {
    AWS_REGION: 'us-west-2',
    AWS_ACCESS_KEY_ID: principal,
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_S3: endpoint,
  }
}
