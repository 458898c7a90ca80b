import type { CdlType, HeaderAttr, HeaderGroup, HeaderVariable, NetcdfHeader } from './netcdf-header.ts'

/** A header in CDL, netCDF's notation, laid out as `ncdump -h` lays it out. `name` is what the file is called. */
export function showCdl(name: string, { format, root }: NetcdfHeader): string {
  const text = [`netcdf ${cdlName(name)} {`, ...groupLines(root, ''), '}'].join('\n')
  // Of the older format only, ncdump breaks texts where they have a line break.
  return format === 'netCDF-3' ? text.replace(/(?<!\\)((?:\\\\)*\\n)/g, '$1",\n\t\t\t"') : text
}

function groupLines({ dims, variables, attrs, groups }: HeaderGroup, indent: string): string[] {
  const lines: string[] = []
  if (dims.length > 0) lines.push('dimensions:')
  for (const { name, length, isUnlimited } of dims) {
    lines.push(`\t${cdlName(name)} = ${isUnlimited ? `UNLIMITED ; // (${length} currently)` : `${length} ;`}`)
  }
  if (variables.length > 0) lines.push('variables:')
  for (const variable of variables) lines.push(...variableLines(variable))
  if (attrs.length > 0) lines.push('', indent ? '// group attributes:' : '// global attributes:')
  for (const attr of attrs) lines.push(attrLine('', attr))
  return [
    ...lines.map((line) => (line === '' ? '' : indent + line)),
    ...groups.flatMap((group) => [
      '',
      `${indent}group: ${cdlName(group.name)} {`,
      ...groupLines(group, `${indent}  `),
      `${indent}  } // group ${cdlName(group.name)}`,
    ]),
  ]
}

function variableLines({ name, type, dims, attrs }: HeaderVariable): string[] {
  const shape = dims.length === 0 ? '' : `(${dims.map(cdlName).join(', ')})`
  return [`\t${type} ${cdlName(name)}${shape} ;`, ...attrs.map((attr) => attrLine(cdlName(name), attr))]
}

function attrLine(owner: string, { name, type, values }: HeaderAttr): string {
  const typed = type === 'string' ? 'string ' : ''
  const start = `\t\t${typed}${owner}:${cdlName(name)} =`
  if (values === undefined) return `${start} ; // of a type that is not shown`
  return `${start} ${values.map((value) => cdlValue(value, type)).join(', ')} ;`
}

const suffixes: Partial<Record<CdlType, string>> = {
  byte: 'b',
  ubyte: 'UB',
  short: 's',
  ushort: 'US',
  uint: 'U',
  int64: 'LL',
  uint64: 'ULL',
}

/** One value of an attribute: its type shows in its suffix. */
export function cdlValue(value: string | number | bigint, type: CdlType): string {
  if (typeof value === 'string') return `"${cdlText(value)}"`
  if (type === 'float') return `${floatText(Number(value), 7)}f`
  if (type === 'double') return floatText(Number(value), 15)
  return `${value}${suffixes[type] ?? ''}`
}

/** As C's `%.<precision>g` writes a number, with a point if it has none: `1.`, `0.1`, `1.e+20`. */
function floatText(value: number, precision: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  const [digits, power] = value.toExponential(precision - 1).split('e') as [string, string]
  const exponent = Number(power)
  const sign = Object.is(value, -0) ? '-' : ''
  if (exponent >= -4 && exponent < precision) {
    const plain = sign + value.toFixed(precision - 1 - exponent)
    return plain.includes('.') ? plain.replace(/0+$/, '') : `${plain}.`
  }
  const shown = String(Math.abs(exponent)).padStart(2, '0')
  return `${digits.replace(/0+$/, '')}e${exponent < 0 ? '-' : '+'}${shown}`
}

const escapes: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
  "'": "\\'",
}

function cdlText(text: string): string {
  return text.replace(/[\p{Cc}"'\\]/gu, (character) => {
    const code = character.charCodeAt(0)
    if (code > 0x7f) return character
    return escapes[character] ?? `\\${code.toString(8).padStart(3, '0')}`
  })
}

/** A name with a backslash before what would be taken for something else; control characters as `\x1b`. */
function cdlName(name: string): string {
  const escaped = name.replace(/[^\w.@%+\-\u{80}-\u{10ffff}]|\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0)
    const isControl = code < 0x20 || (code > 0x7e && code < 0xa0)
    return isControl ? `\\x${code.toString(16).padStart(2, '0')}` : `\\${character}`
  })
  return /^\d/.test(escaped) ? `\\${escaped}` : escaped
}
