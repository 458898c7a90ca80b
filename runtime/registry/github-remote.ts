import path from 'node:path'
import type { ProjectFiles } from './project-files.ts'

/** A repository on GitHub. */
export interface GithubRemote {
  readonly org: string
  readonly name: string
}

/**
 * The repository on GitHub that `origin` of the project's checkout is; `undefined` where there is no such remote, or no
 * `.git` folder beside the registry.
 */
export function githubRemote(projectRoot: string, files: ProjectFiles): GithubRemote | undefined {
  const config = files.readText(path.join(projectRoot, '.git', 'config')) ?? ''
  const section = /^\[remote "origin"\]$([^[]*)/m.exec(config)?.[1] ?? ''
  const url = /^\s*url\s*=\s*(\S+)/m.exec(section)?.[1] ?? ''
  const [, org, name] = /\bgithub\.com(?::\d+\/|[/:])([^/]+)\/([^/]+?)(?:\.git)?\/?$/.exec(url) ?? []
  return org === undefined || name === undefined ? undefined : { org, name }
}
