/** A name as it stands in SQL: quoted, so that it can be nothing else. Configurations hold no others (`read-table-load.ts`). */
export function quoteName(name: string): string {
  if (name === '' || name.includes('\0')) throw new TypeError(`${JSON.stringify(name)} is no name in SQL`)
  return `"${name.replaceAll('"', '""')}"`
}

/** Names with commas between them. */
export function quoteNames(names: readonly string[], prefix = ''): string {
  return names.map((name) => prefix + quoteName(name)).join(', ')
}

/** `"schema"."table"` */
export function quoteTable({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return `${quoteName(schema)}.${quoteName(table)}`
}
