import { isMap, parseDocument } from 'yaml'
import { ConfigError } from '../../runtime/errors.ts'

/** What a deployment by a workflow sets in `Pulumi.<stack>.yaml`, beside what stands in the repository. */
export interface DeploymentSettings {
  /** The branch that is deployed, since a checkout by a workflow may have none. */
  readonly gitBranch?: string
  /** By digest. */
  readonly image?: string
  readonly permissionsBoundary?: string
}

/**
 * The text of `Pulumi.<stack>.yaml` for a deployment: the stack's own as it is in the repository, else a copy of
 * `Pulumi.dev.yaml`, with these settings, and the provider of secrets that Pulumi is to use. Comments stay.
 * @throws ConfigError when the text is no YAML map
 */
export function stackFile(
  source: { readonly file: string; readonly text: string } | undefined,
  settings: DeploymentSettings,
  secretsProvider: string | undefined,
): string {
  const document = parseDocument(source?.text ?? '')
  const wrong = (message: string) =>
    new ConfigError([{ severity: 'error', file: source?.file ?? '', path: '', message }])
  const [error] = document.errors
  if (error) throw wrong(error.message)
  if (document.contents === null) document.contents = document.createNode({}) as never
  if (!isMap(document.contents)) throw wrong('expected keys with values, such as config:')
  const config = document.get('config')
  if (config !== undefined && config !== null && !isMap(config))
    throw wrong('config: expected keys with values')
  if (!isMap(config)) document.set('config', document.createNode({}))
  for (const [key, value] of Object.entries(settings))
    if (value !== undefined) document.setIn(['config', `sluice:${key}`], value)
  // A key of another provider in a copy would be taken for this one's.
  if (secretsProvider !== undefined && document.get('secretsprovider') !== secretsProvider) {
    document.set('secretsprovider', secretsProvider)
    document.delete('encryptedkey')
    document.delete('encryptionsalt')
  }
  return document.toString({ lineWidth: 0 })
}

/** The image's address, of a repository's and a digest. @throws ConfigError when one of them is no such thing */
export function imageAddress(repository: string, digest: string): string {
  const wrong = (message: string) =>
    new ConfigError([{ severity: 'error', file: 'image', path: '', message }])
  if (!/^sha256:[0-9a-f]{64}$/.test(digest))
    throw wrong(`the digest is ${JSON.stringify(digest)}; expected sha256: and 64 digits`)
  if (!/^[a-z0-9.-]+(?::\d+)?\/[a-z0-9._/-]+$/.test(repository))
    throw wrong(`the repository is ${JSON.stringify(repository)}; expected host/name, without tag`)
  return `${repository}@${digest}`
}

/** `sluice:image` of the last deployment, from what `pulumi stack history --json` prints. */
export function lastImage(history: string): string | undefined {
  type Update = { readonly config?: Readonly<Record<string, { readonly value?: unknown }>> }
  const updates = JSON.parse(history) as readonly Update[] | null
  const image = updates?.[0]?.config?.['sluice:image']?.value
  return typeof image === 'string' ? image : undefined
}
