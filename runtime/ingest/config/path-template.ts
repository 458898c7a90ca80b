import type { Json } from '../../contracts.ts'

/** What is wrong with the brackets of a storage template, if anything. */
export function checkTemplate(template: string): string | undefined {
  const open: string[] = []
  for (const character of template) {
    if (character === '[' || character === '{') open.push(character)
    const opener = character === ']' ? '[' : character === '}' ? '{' : undefined
    if (opener !== undefined && open.pop() !== opener) {
      return `found ${JSON.stringify(template)}, in which a ${character} closes nothing`
    }
  }
  return open.length === 0
    ? undefined
    : `found ${JSON.stringify(template)}, in which a ${open[0]} is not closed`
}

/** The text that every result of a template starts with, where `values` are the variables that are known. */
export function templatePrefix(template: string, values: ReadonlyMap<string, string>): string {
  let prefix = ''
  let end = 0
  for (const match of template.matchAll(/\[([^[\]{}]*)\{(\w+)\}([^[\]{}]*)\]|\{(\w+)\}/g)) {
    prefix += template.slice(end, match.index)
    const value = values.get((match[2] ?? match[4])!)
    if (value === undefined) return prefix
    prefix += `${match[1] ?? ''}${value}${match[3] ?? ''}`
    end = match.index + match[0].length
  }
  return prefix + template.slice(end)
}

/** What a datastream's name says of its parts, if it has tsdat's form. */
export function datastreamValues(datastream: string): Map<string, string> {
  const values = new Map([['datastream', datastream]])
  const match =
    /^([a-zA-Z0-9_]+)\.([a-z0-9_]+)(?:-([a-zA-Z0-9_]+))?(?:-([0-9]+[a-zA-Z]+))?\.([a-z0-9]+)$/.exec(
      datastream,
    )
  if (!match) return values
  const names = ['location_id', 'dataset_name', 'qualifier', 'temporal', 'data_level']
  names.forEach((name, index) => {
    const part = match[index + 1]
    if (part !== undefined) values.set(name, part)
  })
  return values
}

/** Attributes as template values, for those that are text. */
export function attributeValues(attrs: ReadonlyMap<string, Json>): Map<string, string> {
  return new Map(
    [...attrs].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : [])),
  )
}

/** A key or path without what changes nothing about where it leads: `./`, a leading `/`, doubled slashes. */
export function plainPrefix(prefix: string): string {
  return prefix.replaceAll(/\/+/g, '/').replace(/^(?:\.?\/)+/, '')
}
