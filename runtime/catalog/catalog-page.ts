import type { Catalog } from '../contracts.ts'
import { namedQueries } from './named-queries.ts'
import { schemaDiagram } from './schema-diagram.ts'

const start = '<!-- generated: '
const end = '<!-- end of generated -->'

/** `page` with its generated parts made anew from a migrated catalog and from the named queries. */
export async function renderCatalogPage(page: string, catalog: Catalog): Promise<string> {
  const parts = new Map([
    ['schema', `\`\`\`mermaid\n${await schemaDiagram(catalog)}\n\`\`\``],
    ['queries', namedQueries.map(showQuery).join('\n\n')],
  ])
  const pattern = new RegExp(`${start}(\\w+) -->[\\s\\S]*?${end}`, 'g')
  return page.replace(pattern, (_, name: string) => {
    const part = parts.get(name)
    if (part === undefined) throw new Error(`docs/catalog.md: there is no generated part ${name}`)
    return `${start}${name} -->\n${part}\n${end}`
  })
}

function showQuery({ name, description, sql, parameters }: (typeof namedQueries)[number]): string {
  const options = parameters.map((parameter) => ` --param ${parameter}=…`).join('')
  return `\`sluice catalog query ${name}${options}\`: ${description}.\n\n\`\`\`sql\n${sql}\n\`\`\``
}
