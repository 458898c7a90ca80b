import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'

/** The plain texts of `config:` in `Pulumi.<stack>.yaml`; none when there is no such file. Secrets are left out. */
export function readStackConfig(projectRoot: string, stack: string): Readonly<Record<string, string>> {
  const file = path.join(projectRoot, `Pulumi.${stack}.yaml`)
  if (!existsSync(file)) return {}
  const content = parse(readFileSync(file, 'utf8')) as { readonly config?: Record<string, unknown> } | null
  return Object.fromEntries(
    Object.entries(content?.config ?? {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  )
}
