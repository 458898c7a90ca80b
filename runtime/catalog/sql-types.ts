/** The value of one type from PostgreSQL's text for it. */
type Parse = (text: string) => unknown

/** [the type's OID, its array's OID, its parser]; see `pg_type.dat` in PostgreSQL's source. */
const types: readonly (readonly [number, number, Parse])[] = [
  [16, 1000, (text) => text === 't'], // bool
  [17, 1001, parseBytea],
  [21, 1005, Number], // int2
  [23, 1007, Number], // int4
  [26, 1028, Number], // oid
  [700, 1021, Number], // float4
  [701, 1022, Number], // float8
  [114, 199, JSON.parse], // json
  [3802, 3807, JSON.parse], // jsonb
  [1114, 1115, parseSqlTimestamp],
  [1184, 1185, parseSqlTimestamp], // timestamptz
  ...[
    [20, 1016], // int8
    [1700, 1231], // numeric
    [18, 1002], // "char"
    [19, 1003], // name
    [25, 1009], // text
    [1042, 1014], // bpchar
    [1043, 1015], // varchar
    [1082, 1182], // date
    [1083, 1183], // time
    [1266, 1270], // timetz
    [1186, 1187], // interval
    [2950, 2951], // uuid
  ].map(([type, array]) => [type, array, String] as [number, number, Parse]),
]

/** Parsers of values by their type's OID. A type that is not here comes as text. */
export const sqlParsers: ReadonlyMap<number, Parse> = new Map(
  types.flatMap(([type, array, parse]) => [
    [type, parse] as const,
    [array, (text: string) => parseArray(text, parse)] as const,
  ]),
)

function parseBytea(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
}

const timestamp =
  /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d+)?(?:([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?)?( BC)?$/

/** A Date, to the millisecond; text for `infinity` and for what no Date can hold. Without an offset it is UTC. */
export function parseSqlTimestamp(text: string): Date | string {
  const match = timestamp.exec(text)
  if (!match) return text
  const [, year, month, day, hour, minute, second, fraction, sign, ...rest] = match
  const [offsetHours = '0', offsetMinutes = '0', offsetSeconds = '0', isBefore] = rest
  const date = new Date(0)
  date.setUTCFullYear(isBefore ? 1 - Number(year) : Number(year), Number(month) - 1, Number(day))
  date.setUTCHours(
    Number(hour),
    Number(minute),
    Number(second),
    Math.floor(Number(fraction ?? 0) * 1000 + 1e-6),
  )
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60 + Number(offsetSeconds)
  const instant = new Date(date.getTime() - (sign === '-' ? -1 : 1) * offset * 1000)
  return Number.isNaN(instant.getTime()) ? text : instant
}

/** An array in PostgreSQL's text form, nested where it has several dimensions. */
function parseArray(text: string, parse: Parse): unknown[] {
  let at = text.indexOf('{')
  const readElement = (): unknown => {
    if (text[at] === '{') return readArray()
    if (text[at] === '"') {
      let value = ''
      for (at++; text[at] !== '"'; at++) {
        if (text[at] === '\\') at++
        value += text[at]
      }
      at++
      return parse(value)
    }
    const start = at
    while (text[at] !== ',' && text[at] !== '}') at++
    const value = text.slice(start, at)
    return value === 'NULL' ? null : parse(value)
  }
  const readArray = (): unknown[] => {
    const values: unknown[] = []
    at++
    while (text[at] !== '}') {
      values.push(readElement())
      if (text[at] === ',') at++
    }
    at++
    return values
  }
  return readArray()
}
