import type { RequestContext } from './policy-condition.ts'

/** Whether text matches a pattern of IAM: `*` and `?` are wildcards, `${*}`, `${?}` and `${$}` the characters themselves. */
export function matchesText(
  pattern: string,
  text: string,
  { ignoresCase = false }: { readonly ignoresCase?: boolean } = {},
): boolean {
  const source = pattern.replace(/\$\{([*?$])\}|[\s\S]/g, (part, literal: string | undefined) => {
    if (literal !== undefined) return `\\${literal}`
    if (part === '*') return '[\\s\\S]*'
    return part === '?' ? '[\\s\\S]' : part.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&')
  })
  return new RegExp(`^${source}$`, ignoresCase ? 'i' : '').test(text)
}

const arnParts = 6

/** Six parts; what follows the fifth colon is the last, colons and all. */
function split(arn: string): string[] {
  const parts = arn.split(':')
  return [...parts.slice(0, arnParts - 1), parts.slice(arnParts - 1).join(':')]
}

/** Whether an ARN matches a pattern, part by part: no wildcard reaches over the colon between two parts. */
export function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true
  const [wanted, found] = [split(pattern), split(arn)]
  return wanted.every((part, i) => matchesText(part, found[i] ?? ''))
}

/**
 * A pattern with its policy variables replaced by what the request has, wildcards in which mean themselves;
 * `undefined` when the request lacks one that has no default: then the statement does not apply.
 * docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function withVariables(pattern: string, context: RequestContext): string | undefined {
  let isComplete = true
  const filled = pattern.replace(
    /\$\{(?![*?$]\})\s*([^},\s]+)\s*(?:,\s*'([^']*)'\s*)?\}/g,
    (_, key: string, fallback: string | undefined) => {
      const value = contextValue(context, key)
      const text = typeof value === 'string' ? value : value === undefined ? fallback : undefined
      if (text === undefined) isComplete = false
      return (text ?? '').replace(/[*?$]/g, (character) => `\${${character}}`)
    },
  )
  return isComplete ? filled : undefined
}

/** The value of a condition key, whose case does not matter. */
export function contextValue(context: RequestContext, key: string): string | readonly string[] | undefined {
  const wanted = key.toLowerCase()
  return Object.entries(context).find(([name]) => name.toLowerCase() === wanted)?.[1]
}
