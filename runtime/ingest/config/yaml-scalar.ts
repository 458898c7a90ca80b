import type { YamlScalar } from './yaml-node.ts'

/** What a scalar means, without its place. */
export type ScalarMeaning = DistributiveOmit<YamlScalar, 'place'>
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

const boolean = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON|no|No|NO|false|False|FALSE|off|Off|OFF)$/
const falsehood = /^(?:no|false|off)$/i
const nothing = /^(?:~|null|Null|NULL|)$/

const integers = {
  binary: /^[-+]?0b[01_]+$/,
  octal: /^[-+]?0[0-7_]+$/,
  decimal: /^[-+]?(?:0|[1-9][0-9_]*)$/,
  hexadecimal: /^[-+]?0x[0-9a-fA-F_]+$/,
  sexagesimal: /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/,
}

/** An exponent needs a dot before it and a sign in it; a number that starts with its dot takes no sign. */
const floats = {
  plain: /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?$/,
  sexagesimal: /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/,
  infinite: /^[-+]?\.(?:inf|Inf|INF)$/,
  notANumber: /^\.(?:nan|NaN|NAN)$/,
}

const date = /^\d{4}-\d\d-\d\d$/
const datetime =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(?:(Z)|([-+])(\d\d?)(?::(\d\d))?))?$/

/**
 * What a plain scalar means in YAML 1.1 as PyYAML resolves it (its rules differ from the YAML 1.1 repository's:
 * `y` is text, `1e5` is text, `0o10` is text).
 * @throws Error when the text has the form of a value that does not exist, such as a 13th month
 */
export function resolvePlainScalar(text: string): ScalarMeaning {
  if (nothing.test(text)) return { kind: 'null' }
  if (boolean.test(text)) return { kind: 'boolean', value: !falsehood.test(text), source: text }
  if (!/^[-+.\d]/.test(text)) return { kind: 'text', value: text }
  return readFloat(text) ?? readInteger(text) ?? readDate(text) ?? { kind: 'text', value: text }
}

/** What a scalar with an explicit tag such as `!!float` means. @throws Error when the text does not fit the tag */
export function resolveTaggedScalar(tag: string, text: string): ScalarMeaning {
  const meaning = constructTagged(tag, text)
  if (!meaning) throw new Error(`${JSON.stringify(text)} is no value of the tag ${tag}`)
  return meaning
}

function constructTagged(tag: string, text: string): ScalarMeaning | undefined {
  switch (tag) {
    case 'tag:yaml.org,2002:str':
      return { kind: 'text', value: text }
    case 'tag:yaml.org,2002:null':
      return { kind: 'null' }
    case 'tag:yaml.org,2002:bool':
      return /^(?:yes|no|true|false|on|off)$/i.test(text)
        ? { kind: 'boolean', value: !falsehood.test(text), source: text }
        : undefined
    case 'tag:yaml.org,2002:int':
      return readInteger(text)
    case 'tag:yaml.org,2002:float':
      return readFloat(text) ?? readPythonFloat(text)
    case 'tag:yaml.org,2002:timestamp':
      return readDate(text)
    default:
      throw new Error(`the tag ${tag} is not supported; allowed are !!str, !!int, !!float, !!bool, !!null`)
  }
}

function readInteger(source: string): ScalarMeaning | undefined {
  const form = (Object.keys(integers) as (keyof typeof integers)[]).find((name) =>
    integers[name].test(source),
  )
  if (!form) return undefined
  const digits = source.replaceAll('_', '').replace(/^[-+]/, '')
  const magnitude = readMagnitude(form, digits)
  const value = source.startsWith('-') ? -magnitude : magnitude
  const isSafe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
  return { kind: 'integer', value: isSafe ? Number(value) : value, source }
}

function readMagnitude(form: keyof typeof integers, digits: string): bigint {
  if (/^0[bx]?$/.test(digits) && digits !== '0') throw new Error(`${digits} has no digits`)
  if (form === 'octal') return BigInt(`0o${digits}`)
  if (form === 'sexagesimal') return digits.split(':').reduce((total, part) => total * 60n + BigInt(part), 0n)
  return BigInt(digits)
}

function readFloat(source: string): ScalarMeaning | undefined {
  const sign = source.startsWith('-') ? -1 : 1
  const digits = source.replaceAll('_', '').replace(/^[-+]/, '')
  if (floats.plain.test(source)) return { kind: 'float', value: sign * Number(digits), source }
  if (floats.infinite.test(source)) return { kind: 'float', value: sign * Number.POSITIVE_INFINITY, source }
  if (floats.notANumber.test(source)) return { kind: 'float', value: Number.NaN, source }
  if (!floats.sexagesimal.test(source)) return undefined
  // From the right, as Python adds them: the last bit of the sum depends on the order.
  let base = 1
  let value = 0
  for (const part of digits.split(':').reverse()) {
    value += Number(part) * base
    base *= 60
  }
  return { kind: 'float', value: sign * value, source }
}

function readPythonFloat(source: string): ScalarMeaning | undefined {
  const text = source.replaceAll('_', '')
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) return undefined
  return { kind: 'float', value: Number(text), source }
}

function readDate(source: string): ScalarMeaning | undefined {
  if (date.test(source)) {
    if (!isCalendarDate(source)) throw new Error(`${source} is not a date of the calendar`)
    return { kind: 'date', value: source, source }
  }
  const match = datetime.exec(source)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => part!.padStart(2, '0'))
  const isTime = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
  if (!isTime || !isCalendarDate(`${year}-${month}-${day}`)) {
    throw new Error(`${source} is not a date and time of the calendar`)
  }
  const fraction = (match[7] ?? '').slice(0, 6).padEnd(6, '0')
  const point = Number(fraction) === 0 ? '' : `.${fraction}`
  return {
    kind: 'date',
    value: `${year}-${month}-${day} ${hour}:${minute}:${second}${point}${readOffset(match)}`,
    source,
  }
}

function readOffset(match: RegExpExecArray): string {
  if (match[8]) return '+00:00'
  if (!match[9]) return ''
  return `${match[9]}${match[10]!.padStart(2, '0')}:${match[11] ?? '00'}`
}

/** Of the proleptic Gregorian calendar, from the year 1, as Python's `date` has it. */
function isCalendarDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !text.startsWith('0000') && !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}
