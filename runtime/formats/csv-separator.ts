import type { Separator } from './csv-options.ts'

const usual: readonly (readonly [shown: string, pattern: RegExp])[] = [
  ['","', /,/],
  ['";"', /;/],
  ['"\\t"', /\t/],
  ['"|"', /\|/],
  ['"\\s+"', /\s+/],
]

/**
 * The separator that a header of one column was probably written with: the first usual one, as it would stand in the
 * options, that cuts it into several names of which one is wanted.
 */
export function suggestSeparator(header: string, wanted: ReadonlySet<string>): string | undefined {
  return usual.find(([, pattern]) => {
    const names = header.split(pattern).map((name) => name.replace(/^["'\s]+|["'\s]+$/g, ''))
    return names.length > 1 && names.some((name) => wanted.has(name))
  })?.[0]
}

/** As it would stand in the options. */
export function showSeparator(separator: Separator): string {
  if (separator.kind === 'blanks') return '"\\s+"'
  return JSON.stringify(
    separator.kind === 'regex' ? separator.regex.source : String.fromCharCode(separator.byte),
  )
}
