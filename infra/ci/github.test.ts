import { afterEach, describe, expect, it } from 'vitest'
import { livingBranches, openGitHub, openPullRequests, runState } from './github.ts'
import { commentBody, commentMarker, type PreviewFindings, writeComment } from './pull-request-comment.ts'
import { fakeEnvironment } from './testing/fake-environment.ts'
import { type GitHubAnswer, type GitHubRequest, GitHubServer } from './testing/github-server.ts'

let server: GitHubServer
afterEach(() => server.close())

async function open(respond: (request: GitHubRequest) => GitHubAnswer) {
  server = await GitHubServer.start(respond)
  const environment = fakeEnvironment(server.variables)
  return { github: openGitHub(environment), environment }
}

/** Pages as GitHub cuts them. */
const paged = (items: readonly unknown[], { query }: GitHubRequest): GitHubAnswer => {
  const [size, page] = [Number(query.get('per_page')), Number(query.get('page'))]
  return { body: items.slice(size * (page - 1), size * page) }
}

describe('openGitHub', () => {
  it('reads every page of a list, as the repository and with the token it was given', async () => {
    const names = Array.from({ length: 250 }, (_, i) => ({ name: `branch-${i}` }))
    const { github } = await open((request) => paged(names, request))
    expect([...(await livingBranches(github, ['branch-0', 'branch-249']))]).toEqual([
      'branch-0',
      'branch-249',
    ])
    expect(server.requests.map(({ path, query }) => `${path} ${query.get('page')}`)).toEqual([
      '/repos/acme/ocean/branches 1',
      '/repos/acme/ocean/branches 2',
      '/repos/acme/ocean/branches 3',
    ])
    expect(server.requests[0]?.authorization).toBe('Bearer the-token')
  })

  it('takes a branch for gone only when it is not there by its name either', async () => {
    const { github } = await open((request) => {
      if (request.path.endsWith('/branches')) return paged([{ name: 'main' }], request)
      // Moved past the page; renamed; gone.
      if (request.path.endsWith('/branches/feature%2Fx')) return { body: { name: 'feature/x' } }
      if (request.path.endsWith('/branches/old')) return { body: { name: 'new' } }
      return { status: 404, body: { message: 'Branch not found' } }
    })
    const living = await livingBranches(github, ['main', 'feature/x', 'old', 'gone'])
    expect([...living]).toEqual(['main', 'feature/x'])
  })

  it('refuses to take all branches for gone', async () => {
    const { github } = await open(() => ({ body: [] }))
    await expect(livingBranches(github, ['main'])).rejects.toThrow(
      'names no branch of this repository at all',
    )
  })

  it('escapes what it is given, and keeps to the owner', async () => {
    const { github } = await open((request) => paged([{}], request))
    expect(await openPullRequests(github, 'a&b#c/d', 'acme')).toBe(1)
    expect(server.requests[0]?.query.get('head')).toBe('acme:a&b#c/d')
  })

  it('takes a run that is not there for none, and tells what others say', async () => {
    const { github } = await open(({ path }) =>
      path.endsWith('/7') ? { body: { status: 'completed', run_attempt: 3 } } : { status: 404, body: {} },
    )
    expect(await runState(github, 7)).toEqual({ attempt: 3, isOver: true })
    expect(await runState(github, 8)).toBeUndefined()
  })

  it('asks again when GitHub is busy, but sends nothing twice', async () => {
    let busy = 2
    const { github, environment } = await open(() =>
      busy-- > 0 ? { status: 503, body: '<html>' } : { body: {} },
    )
    await github.get('branches')
    expect(environment.slept).toEqual([2000, 4000])
    busy = 1
    await expect(github.send('POST', 'issues/1/comments', {})).rejects.toThrow(
      'GitHub: POST issues/1/comments: 503 <html>',
    )
  })

  it('gives up in one line, and never with the token', async () => {
    const { github } = await open(() => ({ status: 403, body: { message: 'Resource not accessible' } }))
    const failure = await github.get('branches').catch((error: Error) => error)
    expect(String(failure)).toBe('StoreError: GitHub: GET branches: 403 Resource not accessible')
  })
})

const findings: PreviewFindings = {
  check: { text: 'no problems', isOk: true },
  diff: 'What changes on the stack `prod`',
  preview: { text: '+ 3 to create', isOk: true },
  noPreview: undefined,
  commit: '0123abc',
}

describe('writeComment', () => {
  const bot = { login: 'github-actions[bot]' }

  it('changes the one that it has written, on whatever page it stands', async () => {
    const comments = [
      ...Array.from({ length: 120 }, (_, id) => ({ id, body: 'hello', user: { login: 'ann' } })),
      { id: 500, body: `${commentMarker}\n\nold`, user: bot },
    ]
    const { github } = await open((request) =>
      request.method === 'GET' ? paged(comments, request) : { body: {} },
    )
    expect(await writeComment(github, 3, 'new')).toBe('updated')
    expect(server.requests.at(-1)).toMatchObject({
      method: 'PATCH',
      path: '/repos/acme/ocean/issues/comments/500',
      body: { body: 'new' },
    })
  })

  it('makes one where there is none, and leaves alone who quotes it', async () => {
    const quoting = [
      { id: 1, body: `${commentMarker}\n\nold`, user: { login: 'ann' } },
      { id: 2, body: `> ${commentMarker}`, user: bot },
      { id: 3 },
    ]
    const { github } = await open((request) =>
      request.method === 'GET' ? paged(quoting, request) : { status: 201, body: {} },
    )
    expect(await writeComment(github, 3, 'new')).toBe('created')
    expect(server.requests.at(-1)).toMatchObject({
      method: 'POST',
      path: '/repos/acme/ocean/issues/3/comments',
    })
  })
})

describe('commentBody', () => {
  it('begins with the marker, and has the difference, the preview and the commit', () => {
    const body = commentBody(findings)
    expect(body.startsWith(commentMarker)).toBe(true)
    expect(body).toContain('The registry has no errors.')
    expect(body).toContain('What changes on the stack `prod`')
    expect(body).toContain('<details><summary>Preview of the stack</summary>\n\n```text\n+ 3 to create\n```')
    expect(body.endsWith('Of 0123abc.')).toBe(true)
  })

  it('shows the errors of a registry, and why there is no preview', () => {
    const check = { text: 'pipelines_config.yml:3: wrong', isOk: false }
    const body = commentBody({ ...findings, check, preview: undefined, noPreview: 'nothing is set up' })
    expect(body).toContain('The registry has errors:\n\n```text\npipelines_config.yml:3: wrong\n```')
    expect(body).toContain('No preview of the stack: nothing is set up')
  })

  it('lets nothing that Pulumi prints end its block', () => {
    const body = commentBody({ ...findings, preview: { text: 'a\n```\n@octocat ````', isOk: false } })
    expect(body).toContain('The preview of the stack failed')
    expect(body).toContain('`````text\na\n```\n@octocat ````\n`````')
  })

  it('fits what GitHub takes, whatever came of the steps', () => {
    const long = '😀`x'.repeat(60_000)
    const body = commentBody({
      check: { text: long, isOk: false },
      diff: long,
      preview: { text: long, isOk: true },
      noPreview: undefined,
      commit: '0123abc',
    })
    expect(body.length).toBeLessThan(65_536)
    expect(body).toContain('more characters: see the workflow')
    expect(body.isWellFormed()).toBe(true)
  })
})
