import type { EventPattern } from '../event-patterns.ts'

/**
 * Whether an event matches a pattern, by EventBridge's rules as far as Sluice's patterns go: exact values, `prefix`,
 * `wildcard` with `\*` for a star, and `$or`. Throws at what it does not know.
 * docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-content-based-filtering.html
 */
export function matchesPattern(event: unknown, pattern: EventPattern): boolean {
  return Object.entries(pattern).every(([field, expected]) => {
    if (field === '$or') return (expected as EventPattern[]).some((option) => matchesPattern(event, option))
    const value = (event as Record<string, unknown> | undefined)?.[field]
    if (Array.isArray(expected)) return expected.some((condition) => matchesValue(value, condition))
    return typeof value === 'object' && value !== null && matchesPattern(value, expected as EventPattern)
  })
}

function matchesValue(value: unknown, condition: unknown): boolean {
  if (typeof condition !== 'object' || condition === null) return value === condition
  if (typeof value !== 'string') return false
  if ('prefix' in condition) return value.startsWith(String(condition.prefix))
  if ('wildcard' in condition) return wildcard(String(condition.wildcard)).test(value)
  throw new Error(`unknown condition ${JSON.stringify(condition)}`)
}

function wildcard(text: string): RegExp {
  if (/(?<!\\)(?:\\\\)*\*\*/.test(text)) throw new Error(`two stars in a row: EventBridge refuses ${text}`)
  const source = text.replace(/\\([\\*])|\*|[^\\*]/g, (part, escaped: string | undefined) => {
    if (part === '*') return '[^]*'
    return (escaped ?? part).replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
  })
  return new RegExp(`^${source}$`, 'u')
}
