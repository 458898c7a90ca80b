import { StoreError } from '../../runtime/errors.ts'
import { type CiEnvironment, required } from './ci-environment.ts'

/** The part of GitHub's REST API that workflows need, of one repository. Missing is `undefined`; all else throws StoreError. */
export interface GitHub {
  get(path: string): Promise<unknown>
  /** Every item of a list, page after page. */
  list(path: string): Promise<readonly unknown[]>
  send(method: 'POST' | 'PATCH', path: string, body: unknown): Promise<unknown>
}

const pageSize = 100
const attempts = 4
/** Answers that another attempt may better. */
const mayPass = new Set([429, 500, 502, 503, 504])

/** The repository that a workflow runs in, with the token that it was given: `GITHUB_API_URL`, `GITHUB_REPOSITORY`, `GITHUB_TOKEN`. */
export function openGitHub(environment: CiEnvironment): GitHub {
  const api = required(environment, 'GITHUB_API_URL', 'GitHub Actions sets it')
  const repository = required(environment, 'GITHUB_REPOSITORY', 'GitHub Actions sets it')
  const token = required(environment, 'GITHUB_TOKEN', 'the step has to pass `github.token`')

  async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(`${api}/repos/${repository}/${path}`, {
        method,
        headers: {
          accept: 'application/vnd.github+json',
          authorization: `Bearer ${token}`,
          'x-github-api-version': '2022-11-28',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      })
      const text = await response.text()
      if (response.ok) return text === '' ? undefined : JSON.parse(text)
      if (response.status === 404 && method === 'GET') return undefined
      // A comment that was sent twice would stand there twice: only what can be repeated is.
      if (attempt < attempts && mayPass.has(response.status) && method !== 'POST') {
        await environment.sleep(1000 * 2 ** attempt)
        continue
      }
      throw new StoreError(`GitHub: ${method} ${path}: ${response.status} ${messageOf(text)}`)
    }
  }

  return {
    get: (path) => ask('GET', path),
    async list(path) {
      const items: unknown[] = []
      const separator = path.includes('?') ? '&' : '?'
      for (let page = 1; ; page++) {
        const found = await ask('GET', `${path}${separator}per_page=${pageSize}&page=${page}`)
        if (!Array.isArray(found)) throw new StoreError(`GitHub: ${path} is no list`)
        items.push(...(found as unknown[]))
        if (found.length < pageSize) return items
      }
    },
    send: (method, path, body) => ask(method, path, body),
  }
}

function messageOf(text: string): string {
  try {
    const answer = JSON.parse(text) as { readonly message?: unknown } | null
    if (typeof answer?.message === 'string') return answer.message
  } catch {
    // A proxy's page, say: its beginning has to do.
  }
  return text.slice(0, 200)
}

/**
 * Which of these branches are there. A list comes page by page, and a branch that is deleted meanwhile moves others past
 * it: one that is not in the list is asked for by its name before it is taken for gone.
 * @throws StoreError when there is none at all, since then the token may not see them
 */
export async function livingBranches(github: GitHub, wanted: Iterable<string>): Promise<ReadonlySet<string>> {
  type Branch = { readonly name?: unknown }
  const listed = new Set(((await github.list('branches')) as readonly Branch[]).map(({ name }) => name))
  if (listed.size === 0) throw new StoreError('GitHub: names no branch of this repository at all')
  const living = new Set<string>()
  for (const branch of new Set(wanted)) {
    // A branch that was renamed is answered by its new name.
    const found =
      listed.has(branch) ||
      ((await github.get(`branches/${encodeURIComponent(branch)}`)) as Branch | undefined)?.name === branch
    if (found) living.add(branch)
  }
  return living
}

/** How many open pull requests a branch of this repository has. */
export async function openPullRequests(github: GitHub, branch: string, owner: string): Promise<number> {
  const head = encodeURIComponent(`${owner}:${branch}`)
  return (await github.list(`pulls?state=open&head=${head}`)).length
}

/** How a run of a workflow stands: the attempt that is the latest, and whether that one is over; `undefined` if there is no such run. */
export async function runState(
  github: GitHub,
  id: number,
): Promise<{ readonly attempt: number; readonly isOver: boolean } | undefined> {
  const run = (await github.get(`actions/runs/${id}`)) as
    | { readonly status?: unknown; readonly run_attempt?: unknown }
    | undefined
  if (!run) return undefined
  return { attempt: Number(run.run_attempt ?? 1), isOver: run.status === 'completed' }
}
