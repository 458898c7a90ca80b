import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { UsageError } from '../errors.ts'
import type { ProjectFiles } from '../registry/project-files.ts'

/** A commit of the repository that the project is in, with the project's files as they were. */
export interface Revision {
  /** As it was asked for, or what stands for it. */
  readonly name: string
  readonly commit: string
  readonly files: ProjectFiles
}

/** Text files of a project that are read together, since a process for each takes long. */
const readTogether = /\.ya?ml$/
const maxBytes = 2 ** 30
const maxLinks = 40

/** What `git` prints. Started with arguments, never through a shell. @throws GitFailure with what it said */
function git(folder: string, args: readonly string[], input?: string): Buffer {
  try {
    return execFileSync('git', args, {
      cwd: folder,
      maxBuffer: maxBytes,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input !== undefined && { input }),
      env: { ...process.env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' },
    })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new UsageError('git is not installed here, and `sluice diff` reads the base with it', {
        cause: error,
      })
    }
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
    // What git said is all there is to know; the system's own message only repeats the command.
    throw new GitFailure(said.trim().split('\n')[0] || 'it says nothing')
  }
}

/** What git said when it could not do something. */
class GitFailure extends Error {
  override readonly name = 'GitFailure'
}

const text = (output: Buffer) => output.toString('utf8').trim()

function attempt(folder: string, args: readonly string[]): string | undefined {
  try {
    return text(git(folder, args))
  } catch (error) {
    if (error instanceof GitFailure) return undefined
    throw error
  }
}

/** The repository's root, and the project's folder in it as git writes it: empty, or with a `/` at its end. */
function findRepository(projectRoot: string): { readonly root: string; readonly prefix: string } {
  try {
    const [root = '', prefix = ''] = git(projectRoot, ['rev-parse', '--show-toplevel', '--show-prefix'])
      .toString('utf8')
      .split('\n')
    return { root, prefix }
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error
    if (/not a git repository/.test(error.message))
      throw new UsageError(`${projectRoot} is not in a git repository: there is nothing to compare with`)
    throw new UsageError(`git cannot read the repository of ${projectRoot}: ${error.message}`, {
      cause: error,
    })
  }
}

const isShallow = (root: string) => attempt(root, ['rev-parse', '--is-shallow-repository']) === 'true'

/** The commit that a name stands for. No name of git's begins with `-`: that would be an option. */
function resolve(root: string, name: string): string | undefined {
  return name.startsWith('-')
    ? undefined
    : attempt(root, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`])
}

const fetchMore =
  'this clone is shallow, so that its history is missing: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout'

function commitOf(root: string, revision: string): string {
  const commit = resolve(root, revision)
  if (commit) return commit
  const hint = isShallow(root) ? `; ${fetchMore}` : ''
  throw new UsageError(`--base ${revision}: this repository has no such commit, branch or tag${hint}`)
}

/** The branch that others are merged into: origin's default one, else the first of `main` and `master` that is there. */
function defaultBranch(root: string): string {
  const head = attempt(root, ['symbolic-ref', '--quiet', '--short', 'refs/remotes/origin/HEAD'])
  const candidates = [...(head ? [head] : []), 'origin/main', 'origin/master', 'main', 'master']
  const found = candidates.find((name) => resolve(root, name) !== undefined)
  if (found) return found
  throw new UsageError(
    'there is no origin/main, main or master here to compare with: name a base with --base',
  )
}

function mergeBase(root: string): { readonly name: string; readonly commit: string } {
  const branch = defaultBranch(root)
  if (resolve(root, 'HEAD') === undefined)
    throw new UsageError('this repository has no commit yet: there is nothing to compare with')
  const commit = attempt(root, ['merge-base', branch, 'HEAD'])
  if (commit) return { name: branch, commit }
  const hint = isShallow(root) ? `: ${fetchMore}` : '; name a base with --base'
  throw new UsageError(`HEAD and ${branch} have no commit in common${hint}`)
}

interface TreeEntry {
  readonly isLink: boolean
  readonly blob: string
}

/** Every file of a commit by its path from the repository's root. Submodules are left out: their files are elsewhere. */
function treeOf(root: string, commit: string): ReadonlyMap<string, TreeEntry> {
  const listed = git(root, ['ls-tree', '-r', '-z', '--full-tree', commit]).toString('utf8')
  const entries = listed.split('\0').flatMap((line): [string, TreeEntry][] => {
    const [, mode, kind, blob, name] = /^(\d+) (\w+) ([0-9a-f]+)\t([\s\S]+)$/.exec(line) ?? []
    if (kind !== 'blob' || blob === undefined || name === undefined) return []
    return [[name, { isLink: mode === '120000', blob }]]
  })
  return new Map(entries)
}

/** The contents of blobs, from one process. */
function readBlobs(root: string, blobs: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  if (blobs.length === 0) return found
  const output = git(root, ['cat-file', '--batch'], `${blobs.join('\n')}\n`)
  let at = 0
  while (at < output.length) {
    const lineEnd = output.indexOf(10, at)
    const [blob, kind, size] = output.toString('latin1', at, lineEnd).split(' ')
    if (blob === undefined || kind !== 'blob') {
      // A partial clone has not all blobs: what is asked for then comes one by one, which fetches it.
      at = lineEnd + 1
      continue
    }
    const end = lineEnd + 1 + Number(size)
    found.set(blob, output.toString('utf8', lineEnd + 1, end))
    at = end + 1
  }
  return found
}

/** A project's files as a commit has them: links inside the repository are followed, as the system does. */
class CommittedFiles implements ProjectFiles {
  readonly #root: string
  readonly #prefix: string
  readonly #tree: ReadonlyMap<string, TreeEntry>
  readonly #folders = new Map<string, Set<string>>()
  readonly #texts: Map<string, string>

  constructor(root: string, prefix: string, commit: string) {
    this.#root = root
    this.#prefix = prefix
    this.#tree = treeOf(root, commit)
    for (const name of this.#tree.keys()) this.#addToFolders(name)
    const blobs = [...this.#tree].filter(([name]) => name.startsWith(prefix) && readTogether.test(name))
    this.#texts = readBlobs(root, [...new Set(blobs.map(([, { blob }]) => blob))])
  }

  /** A link to a folder is listed as a file, as systems do. */
  #addToFolders(name: string): void {
    let child = path.posix.basename(name)
    for (let folder = path.posix.dirname(name); ; folder = path.posix.dirname(folder)) {
      const names = this.#folders.get(folder)
      if (names) names.add(child)
      else this.#folders.set(folder, new Set([child]))
      if (folder === '.') return
      child = `${path.posix.basename(folder)}/`
    }
  }

  readText(file: string): string | undefined {
    const entry = this.#tree.get(this.#resolve(file) ?? '')
    if (!entry || entry.isLink) return undefined
    return this.#textOf(entry.blob)
  }

  listFolder(folder: string): readonly string[] | undefined {
    const names = this.#folders.get(this.#resolve(folder) ?? '')
    return names && [...names].sort()
  }

  #textOf(blob: string): string {
    const known = this.#texts.get(blob)
    if (known !== undefined) return known
    const read = git(this.#root, ['cat-file', 'blob', blob]).toString('utf8')
    this.#texts.set(blob, read)
    return read
  }

  /** The path from the repository's root, with every link on the way followed; `undefined` outside of it. */
  #resolve(file: string): string | undefined {
    let target = path.posix.normalize(this.#prefix + file.split(path.sep).join('/')).replace(/\/$/, '')
    if (path.isAbsolute(file)) target = path.relative(this.#root, file).split(path.sep).join('/') || '.'
    for (let links = 0; links <= maxLinks; links++) {
      if (target.startsWith('../') || target === '..' || path.isAbsolute(target)) return undefined
      const parts = target.split('/')
      const depth = parts.findIndex((_, i) => this.#tree.get(parts.slice(0, i + 1).join('/'))?.isLink)
      if (depth < 0) return target
      const link = parts.slice(0, depth + 1).join('/')
      const to = this.#textOf((this.#tree.get(link) as TreeEntry).blob)
      if (to.startsWith('/')) return undefined
      target = path.posix.join(path.posix.dirname(link), to, ...parts.slice(depth + 1)).replace(/\/$/, '')
    }
    return undefined
  }
}

/**
 * The project as it was at `base`: a branch, a tag or a commit; without one, where this branch left the one that
 * others are merged into. Reads git's objects; nothing is checked out.
 * @throws UsageError when there is no repository, no such revision, or a clone without the history
 */
export function openRevision(projectRoot: string, base: string | undefined): Revision {
  const { root, prefix } = findRepository(projectRoot)
  const { name, commit } = base === undefined ? mergeBase(root) : { name: base, commit: commitOf(root, base) }
  return { name, commit, files: new CommittedFiles(root, prefix, commit) }
}
