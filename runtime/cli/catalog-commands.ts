import type { Command } from 'commander'
import { namedQueries } from '../catalog/named-queries.ts'
import { stackOption } from './stack-option.ts'

const collect = (value: string, values: readonly string[]) => [...values, value]
const registryOption = ['--registry <file>', 'the registry of the project', 'pipelines_config.yml'] as const
const stack = () =>
  stackOption('--stack <name>', "the catalog of this deployed stack on AWS, instead of this machine's")
const formatOption = ['--format <format>', 'table, csv or json', 'table'] as const

/** `sluice catalog …`. Each command's code is loaded when it is used. */
export function addCatalogCommands(sluice: Command): void {
  const catalog = sluice
    .command('catalog')
    .description(
      "look into the catalog database: the embedded one, the server that DATABASE_URL names, or a deployed stack's",
    )

  catalog
    .command('migrate')
    .description('bring the schema up to date')
    .option(...registryOption)
    .addOption(stack())
    .action(async (options) => (await import('./catalog.ts')).migrateCatalog(options))

  catalog
    .command('status')
    .description('show which migrations are applied')
    .option(...registryOption)
    .addOption(stack())
    .action(async (options) => (await import('./catalog.ts')).showStatus(options))

  catalog
    .command('query')
    .description('run a query by its name, or SQL that reads')
    .argument('[name]', 'a query of the list below')
    .option('--sql <statement>', 'one select, values, table or with; it can change nothing')
    .option('--param <name=value>', 'a value for a parameter; of --sql, 1=… is $1', collect, [])
    .option('--limit <rows>', 'show no more rows than this', '100')
    .option(...formatOption)
    .option(...registryOption)
    .addOption(stack())
    .addHelpText('after', queriesHelp())
    .action(async (name, options) => (await import('./catalog.ts')).queryCatalog(name, options))

  addShowsCommands(catalog)
}

function addShowsCommands(catalog: Command): void {
  const shows = catalog.command('shows').description('the shows that files belong to')

  shows
    .command('add')
    .description('add a show')
    .argument('<name>')
    .option('--release-date <date>', 'such as 2024-05-01')
    .option('--description <text>')
    .option('--director <name>')
    .option('--blender-version <version>')
    .option('--character <name>', 'a character; may be given again', collect, [])
    .option(...registryOption)
    .addOption(stack())
    .action(async (name, options) => (await import('./catalog-shows.ts')).addShow(name, options))

  shows
    .command('list')
    .description('list all shows, with how many files they have')
    .option(...formatOption)
    .option(...registryOption)
    .addOption(stack())
    .action(async (options) => (await import('./catalog-shows.ts')).listShows(options))

  shows
    .command('show')
    .description('show all that is known of a show')
    .argument('<name>')
    .option(...registryOption)
    .addOption(stack())
    .action(async (name, options) => (await import('./catalog-shows.ts')).showShow(name, options))

  shows
    .command('delete')
    .description('delete a show; its files stay')
    .argument('<name>')
    .option(...registryOption)
    .addOption(stack())
    .action(async (name, options) => (await import('./catalog-shows.ts')).deleteShow(name, options))
}

function queriesHelp(): string {
  const width = Math.max(...namedQueries.map(({ name }) => name.length))
  const lines = namedQueries.map(({ name, description, parameters }) => {
    const needs = parameters.map((parameter) => ` (--param ${parameter}=…)`).join('')
    return `  ${name.padEnd(width)}  ${description}${needs}`
  })
  return `
Queries:
${lines.join('\n')}

Examples:
  sluice catalog query files-by-type
  sluice catalog query person-by-email --param email=ada@example.org
  sluice catalog query --sql "select show, count(*) from files group by show" --format csv
  sluice catalog query files-recent --stack prod`
}
