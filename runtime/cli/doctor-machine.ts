import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { type Check, counted, fail, listed, ok, warn } from '../aws/checks/check.ts'
import { migrationStatus, nameOf } from '../catalog/migrate.ts'
import type { Plan } from '../contracts.ts'
import { showProblem } from '../errors.ts'
import { catalogUrl, serverCatalog } from '../local/catalog-choice.ts'
import { openEngine } from '../local/engine.ts'
import { socketPath } from '../local/engine-lock.ts'
import { stateFolder } from '../local/state.ts'
import { findProgram } from '../media/find-program.ts'
import type { CheckedRegistry } from '../registry/load.ts'

/** As `engines` in package.json has it. */
const oldestNode = [20, 19] as const
const mebibyte = 1024 * 1024
/** Below the first, a run of usual size may not fit; below the second, nearly nothing does. */
const freeSpace = { little: 2048 * mebibyte, none: 100 * mebibyte }

export interface MachineParts {
  readonly projectRoot: string
  readonly checked: CheckedRegistry
  /** Of this machine; `undefined` when the registry is wrong. */
  readonly plan: Plan | undefined
}

/** What pipelines need of this machine. */
export function machineChecks(parts: MachineParts): Check[] {
  const stateRoot = path.join(parts.projectRoot, stateFolder)
  return [
    { name: 'node', look: lookAtNode },
    { name: 'registry', look: () => lookAtRegistry(parts.checked) },
    { name: 'programs', look: () => lookAtPrograms(parts) },
    { name: 'disk', look: () => lookAtDisk(parts.projectRoot) },
    { name: 'engine', look: () => lookAtEngine(stateRoot) },
    { name: 'catalog', look: () => lookAtCatalog(parts, stateRoot) },
  ]
}

function lookAtNode() {
  const { node } = process.versions
  const [major = 0, minor = 0] = node.split('.').map(Number)
  const [oldestMajor, oldestMinor] = oldestNode
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return ok(node)
  return fail(`${node} is too old`, `install Node ${oldestNode.join('.')} or newer`)
}

function lookAtRegistry({ registry, problems }: CheckedRegistry) {
  const count = (severity: string) => problems.filter((problem) => problem.severity === severity).length
  const [first] = problems.filter(({ severity }) => severity === 'error')
  if (!registry || first) {
    return fail(
      `${counted(count('error'), 'mistake')}${first ? `, the first: ${showProblem(first)}` : ''}`,
      '`sluice check` shows all',
    )
  }
  const found = `${counted(registry.sites.length, 'run')} of ${counted(new Set(registry.sites.map(({ pipeline }) => pipeline)).size, 'pipeline')}`
  const warnings = count('warning')
  return warnings > 0
    ? warn(`${found}, ${counted(warnings, 'warning')}`, '`sluice check` shows them')
    : ok(found)
}

/** What of the runtime starts ffmpeg or ffprobe when a pipeline's code calls it. */
const videoCode = /\b(?:extractMetadata|extractThumbnail|readVideoMetadata|watermark\w*|ffmpeg|ffprobe)\b/

async function lookAtPrograms({ projectRoot, plan }: MachineParts) {
  if (!plan) return ok('not known before the registry is right')
  const pipelines = [...new Set(plan.runs.map(({ pipeline }) => pipeline))].filter((pipeline) =>
    codeOf(path.join(projectRoot, 'pipelines', pipeline)).some((text) => videoCode.test(text)),
  )
  if (pipelines.length === 0) return ok('no pipeline needs one')
  const programs = ['ffmpeg', 'ffprobe']
  const found = await Promise.all(programs.map((name) => findProgram(name, process.env.PATH)))
  const missing = programs.filter((_, i) => found[i] === undefined)
  if (missing.length === 0) return ok(`${programs.join(' and ')}, for ${listed(pipelines)}`)
  return warn(
    `${missing.join(' and ')} cannot be found, and ${listed(pipelines)} may need it for videos`,
    'install ffmpeg (`apt install ffmpeg`, `brew install ffmpeg`)',
  )
}

function codeOf(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'))
}

function lookAtDisk(projectRoot: string) {
  const { bavail, bsize } = statfsSync(projectRoot)
  const free = bavail * bsize
  const found = `${(free / mebibyte / 1024).toFixed(1)} GB free in ${projectRoot}`
  if (free < freeSpace.none) return fail(found, `make room; what a run wrote stands in ${stateFolder}/`)
  return free < freeSpace.little
    ? warn(found, `make room; what a run wrote stands in ${stateFolder}/`)
    : ok(found)
}

/** Whether another process is this project's engine now. A socket that nobody listens at is taken over without a word. */
async function lookAtEngine(stateRoot: string) {
  if (!existsSync(stateRoot)) return ok(`nothing has run here: there is no ${stateFolder}/`)
  const file = socketPath(stateRoot)
  if (await listens(file)) return ok('another command is at work here; others work through it')
  const lock = `${file}.lock`
  if (!existsSync(lock)) return ok('no other command is at work here')
  const holder = readFileSync(lock, 'utf8')
  return isAlive(Number(holder))
    ? warn(`${lock} is held by process ${holder}`, 'it goes in a moment; if it does not, end that process')
    : ok(`a process that was killed left ${lock}: the next command takes it away`)
}

function listens(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(file)
    const answer = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => answer(true))
    // Nobody listens, whatever the system calls it.
    socket.once('error', () => answer(false))
  })
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function lookAtCatalog({ projectRoot, plan }: MachineParts, stateRoot: string) {
  const url = catalogUrl()
  const isUsed = plan?.runs.some(({ uses }) => uses.includes('catalog')) ?? false
  if (url === undefined && !existsSync(path.join(stateRoot, 'catalog'))) {
    return ok(isUsed ? 'embedded; it is made when it is first used' : 'no pipeline uses one')
  }
  const place = url === undefined ? 'the embedded one' : `the server of DATABASE_URL (${hostOf(url)})`
  const engine = url === undefined ? await openEngine({ projectRoot, stateRoot }) : undefined
  const catalog =
    engine?.catalog() ?? serverCatalog(url as string, { isToBeMigrated: true, statementTimeoutMs: 10_000 })
  try {
    const { applied, pending } = await migrationStatus(catalog)
    const newest = applied.at(-1)
    const found = `${place} answers, at ${newest ? nameOf(newest) : 'no migration'}`
    return pending.length === 0
      ? ok(found)
      : warn(`${found}; ${counted(pending.length, 'migration')} missing`, '`sluice catalog migrate`')
  } finally {
    await (engine ?? catalog).close()
  }
}

/** Never the whole URL: it holds a password. */
function hostOf(url: string): string {
  try {
    return new URL(url).host
  } catch {
    // What is wrong with it is told when it is used.
    return 'no URL'
  }
}
