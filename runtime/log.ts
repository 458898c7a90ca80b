import type { Json, Log, LogFields } from './contracts.ts'
import type { Place } from './errors.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof levels)[number]

export interface LogOptions {
  /** Gets one line of JSON an event, without a line end. */
  readonly write: (line: string) => void
  readonly now: () => Date
  /** On every line, such as runId and codeVersion. */
  readonly fields: LogFields
  /** The least level that is written: `info` unless told. */
  readonly level?: LogLevel
  /** No line is longer than this many UTF-8 bytes. */
  readonly maxLineBytes?: number
}

/** An error as plain JSON: for log lines, records and messages between processes. Without secrets. */
export interface ErrorSummary {
  readonly name: string
  /** Of a SluiceError: what kind it is. */
  readonly tag?: string
  readonly message: string
  /** The system's or the library's code, such as `ENOSPC`. */
  readonly code?: string
  readonly place?: Place
  readonly stack?: string
  readonly cause?: ErrorSummary
  /** Of an AggregateError. */
  readonly errors?: readonly ErrorSummary[]
}

const limits = { text: 8192, items: 100, keys: 100, depth: 8, causes: 10 }

/**
 * A log that writes JSON lines: `time`, `level`, `event`, then the fields. Whatever a field holds can be written
 * (errors with their causes, BigInt, Map, cycles), passwords are masked, and logging never throws for a field's sake.
 */
export function createLog(options: LogOptions): Log {
  const least = levels.indexOf(options.level ?? 'info')
  const maxLineBytes = options.maxLineBytes ?? 65_536
  const at = (level: LogLevel, base: LogFields) => {
    return (event: string, fields: LogFields = {}) => {
      if (levels.indexOf(level) < least) return
      const head = { time: options.now().toISOString(), level, event: clean(event, 256) }
      options.write(lineOf(head, { ...base, ...fields }, maxLineBytes))
    }
  }
  const make = (base: LogFields): Log => ({
    debug: at('debug', base),
    info: at('info', base),
    warn: at('warn', base),
    error: at('error', base),
    with: (fields) => make({ ...base, ...fields }),
  })
  return make(options.fields)
}

/** The line, with its largest fields replaced by their size until it is short enough. */
function lineOf(head: Record<string, string>, fields: LogFields, maxLineBytes: number): string {
  const line: Record<string, unknown> = Object.assign(Object.create(null), head)
  for (const [name, value] of Object.entries(fields)) {
    if (name in line || value === undefined) continue
    line[clean(name)] = isSecretName(name) ? mask : toJson(value)
  }
  let text = JSON.stringify(line)
  if (byteLength(text) <= maxLineBytes) return text
  const bySize = Object.entries(line)
    .filter(([name]) => !Object.hasOwn(head, name))
    .map(([name, value]) => [name, byteLength(JSON.stringify(value))] as const)
    .sort(([, a], [, b]) => b - a)
  for (const [name, bytes] of bySize) {
    line[name] = `[${bytes} bytes left out]`
    text = JSON.stringify(line)
    if (byteLength(text) <= maxLineBytes) return text
  }
  return JSON.stringify({ ...head, fields: `[${bySize.length} fields left out]` })
}

/** An error, or whatever else was thrown, with its whole chain of causes. */
export function summarizeError(error: unknown): ErrorSummary {
  return summarize(error, new Set(), limits.causes)
}

function summarize(error: unknown, seen: Set<unknown>, depth: number): ErrorSummary {
  if (!(error instanceof Error)) return { name: 'Thrown', message: textOf(error) }
  if (seen.has(error)) return { name: error.name, message: '[a cause that was named already]' }
  if (depth === 0) return { name: error.name, message: '[more causes left out]' }
  seen.add(error)
  const { tag, code, place } = error as { tag?: unknown; code?: unknown; place?: unknown }
  const next = (cause: unknown) => summarize(cause, seen, depth - 1)
  return {
    name: String(error.name),
    ...(typeof tag === 'string' && { tag }),
    message: clean(String(error.message)),
    ...((typeof code === 'string' || typeof code === 'number') && { code: String(code) }),
    ...(isPlace(place) && { place }),
    ...(typeof error.stack === 'string' && { stack: clean(error.stack) }),
    ...(error.cause !== undefined && error.cause !== null && { cause: next(error.cause) }),
    ...(error instanceof AggregateError && { errors: error.errors.slice(0, limits.causes).map(next) }),
  }
}

function isPlace(value: unknown): value is Place {
  return typeof value === 'object' && value !== null && typeof (value as Place).file === 'string'
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return clean(value)
  const json = toJson(value)
  return typeof json === 'string' ? json : clean(JSON.stringify(json))
}

/** Any value as JSON: bounded in depth and breadth, and without secrets. */
function toJson(value: unknown): Json {
  return convert(value, [], '')
}

function convert(value: unknown, within: readonly object[], name: string): Json {
  if (isSecretName(name)) return mask
  switch (typeof value) {
    case 'string':
      return clean(value)
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return String(value)
    case 'undefined':
      return null
    case 'function':
      return `[function ${value.name}]`
    case 'symbol':
      return String(value)
    case 'object':
      return value === null ? null : convertObject(value, within)
  }
}

function convertObject(value: object, within: readonly object[]): Json {
  if (within.includes(value)) return '[cycle]'
  if (within.length >= limits.depth) return '[deeper levels left out]'
  try {
    if (value instanceof Error) return summarizeError(value) as unknown as Json
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
    if (value instanceof URL || value instanceof RegExp) return clean(String(value))
    if (ArrayBuffer.isView(value)) return `[${value.constructor.name} of ${value.byteLength} bytes]`
    if (value instanceof ArrayBuffer) return `[ArrayBuffer of ${value.byteLength} bytes]`
    const inner = [...within, value]
    if (Array.isArray(value) || value instanceof Set) return convertItems([...value], inner)
    return convertEntries(entriesOf(value), inner)
  } catch (error) {
    return `[cannot be shown: ${error instanceof Error ? clean(error.message) : 'it throws'}]`
  }
}

function entriesOf(value: object): [string, unknown][] {
  if (value instanceof Map) {
    return [...value].map(([key, item]) => [typeof key === 'string' ? key : textOf(key), item])
  }
  return Object.entries(value)
}

function convertItems(items: readonly unknown[], within: readonly object[]): Json {
  const shown = items.slice(0, limits.items).map((item) => convert(item, within, ''))
  return items.length > shown.length ? [...shown, `[${items.length - shown.length} more]`] : shown
}

function convertEntries(entries: readonly (readonly [string, unknown])[], within: readonly object[]): Json {
  // Without a prototype: a key `__proto__` is a key like any other.
  const shown: Record<string, Json> = Object.create(null)
  for (const [name, value] of entries.slice(0, limits.keys)) {
    if (value !== undefined) shown[clean(name)] = convert(value, within, name)
  }
  if (entries.length > limits.keys) shown['…'] = `[${entries.length - limits.keys} more]`
  return shown
}

/** Without secrets and of bounded length. What is masked reaches beyond the cut, so that no half secret is left. */
function clean(text: string, length = limits.text): string {
  if (text.length <= length) return redact(text)
  const masked = redact(text.slice(0, length + 1000))
  const cut = masked.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')
  return `${cut}… [cut: ${text.length} characters]`
}

function byteLength(text: string): number {
  return Buffer.byteLength(text)
}

const mask = '***'

/** Names of fields whose value is never shown. Numbers of tokens and the like are not secrets: `tokens` is no match. */
const secretName =
  /passw(?:or)?d|passphrase|^pwd$|secret|authorization|api[-_]?key|access[-_]?key$|private[-_]?key|credential|(?:^|[-_])token$|[a-z]Token$|signature$/i

const isSecretName = (name: string) => secretName.test(name)

/** What stands before a secret within a text. Every repetition is bounded, so that hostile text costs little. */
const secretPatterns: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host: a password may hold `@`, `/` and `:` unescaped, so up to the last `@` of the word.
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:@/"'<>]{0,200}):(?:(?!:\/\/)[^\s"'<>]){1,500}@/gi, `$1:${mask}@`],
  [/\b(https?:\/\/)[^\s:@/?#"'<>]{1,500}@/gi, `$1${mask}@`],
  [/\b((?:Bearer|Basic)\s{1,5})[\w.~+/=-]{8,}/gi, `$1${mask}`],
  [
    /((?:passw(?:or)?d|passphrase|pwd|secret|api[-_]?key|access[-_]?key|private[-_]?key|(?:security|session|access|refresh|auth|id)[-_]?token|signature|credential)["']?\s{0,5}[=:]\s{0,5}["']?)[^\s"'&,;]+/gi,
    `$1${mask}`,
  ],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END|$)/g, `[private key ${mask}]`],
]

/** `text` with what looks like a password, token or key masked. */
export function redact(text: string): string {
  return secretPatterns.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text)
}
