import { describe, expect, it } from 'vitest'
import { githubRemote } from './github-remote.ts'

describe('githubRemote', () => {
  const of = (config: string | undefined) =>
    githubRemote('/project', {
      readText: (file) => (file === '/project/.git/config' ? config : undefined),
      listFolder: () => undefined,
    })
  const origin = (url: string) =>
    of(
      `[core]\n\tbare = false\n[remote "fork"]\n\turl = git@github.com:other/x.git\n[remote "origin"]\n\turl = ${url}\n\tfetch = +refs\n[branch "main"]\n`,
    )

  it.each([
    'https://github.com/acme/ocean-pipelines.git',
    'https://github.com/acme/ocean-pipelines',
    'https://user:token@github.com/acme/ocean-pipelines.git',
    'git@github.com:acme/ocean-pipelines.git',
    'ssh://git@github.com/acme/ocean-pipelines.git',
    'ssh://git@github.com:22/acme/ocean-pipelines.git',
  ])('reads %s', (url) => {
    expect(origin(url)).toEqual({ org: 'acme', name: 'ocean-pipelines' })
  })

  it.each(['https://gitlab.com/acme/ocean.git', '../ocean', 'https://notgithub.com.example/acme/ocean'])(
    'finds none in %s',
    (url) => {
      expect(origin(url)).toBeUndefined()
    },
  )

  it('finds none without a remote or a repository', () => {
    expect(of('[core]\n')).toBeUndefined()
    expect(of(undefined)).toBeUndefined()
  })
})
