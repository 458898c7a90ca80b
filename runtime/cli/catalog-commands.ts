import { type Command, Option } from 'commander'
import { namedQueries } from '../catalog/named-queries.ts'
import { stackOption } from './stack-option.ts'

/** An option that may be given again. */
const repeated = (flags: string, description: string) =>
  new Option(flags, description)
    .argParser((value: string, values: readonly string[]) => [...values, value])
    .default([], 'none')
const examples = (...lines: string[]) => `\nExamples:\n${lines.map((line) => `  sluice ${line}`).join('\n')}`
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
    .addHelpText(
      'after',
      examples('catalog status', 'catalog query files-by-type', 'catalog query files-recent --stack prod'),
    )

  catalog
    .command('migrate')
    .description('bring the schema up to date')
    .option(...registryOption)
    .addOption(stack())
    .addHelpText('after', examples('catalog migrate', 'catalog migrate --stack prod'))
    .action(async (options) => (await import('./catalog.ts')).migrateCatalog(options))

  catalog
    .command('status')
    .description('show which migrations are applied')
    .option(...registryOption)
    .addOption(stack())
    .addHelpText('after', examples('catalog status', 'catalog status --stack prod'))
    .action(async (options) => (await import('./catalog.ts')).showStatus(options))

  catalog
    .command('query')
    .description('run a query by its name, or SQL that reads')
    .argument('[name]', 'a query of the list below')
    .option('--sql <statement>', 'one select, values, table or with; it can change nothing')
    .addOption(repeated('--param <name=value>', 'a value for a parameter; of --sql, 1=… is $1'))
    .option('--limit <rows>', 'show no more rows than this', '100')
    .option(...formatOption)
    .option(...registryOption)
    .addOption(stack())
    .addHelpText('after', queriesHelp())
    .action(async (name, options) => (await import('./catalog.ts')).queryCatalog(name, options))

  addShowsCommands(catalog)
}

function addShowsCommands(catalog: Command): void {
  const shows = catalog
    .command('shows')
    .description('the shows that files belong to')
    .addHelpText('after', examples('catalog shows list', 'catalog shows add harbour --director "Ann Marsh"'))

  withShowFields(shows.command('add').description('add a show'))
    .addHelpText(
      'after',
      examples('catalog shows add tide --director "Ann Marsh" --character Tom --character Eve'),
    )
    .action(async (name, options) => (await import('./catalog-shows.ts')).addShow(name, options))

  withShowFields(shows.command('set').description('change what is known of a show; what is not named stays'))
    .addHelpText('after', examples('catalog shows set harbour --release-date 2027-05-01'))
    .action(async (name, options) => (await import('./catalog-shows.ts')).setShow(name, options))

  shows
    .command('list')
    .description('list all shows, with how many files they have')
    .option(...formatOption)
    .option(...registryOption)
    .addOption(stack())
    .addHelpText('after', examples('catalog shows list', 'catalog shows list --format csv --stack prod'))
    .action(async (options) => (await import('./catalog-shows.ts')).listShows(options))

  shows
    .command('show')
    .description('show all that is known of a show')
    .argument('<name>', 'its name')
    .option(...registryOption)
    .addOption(stack())
    .addHelpText('after', examples('catalog shows show harbour'))
    .action(async (name, options) => (await import('./catalog-shows.ts')).showShow(name, options))

  shows
    .command('delete')
    .description('delete a show; its files stay')
    .argument('<name>', 'its name')
    .option(...registryOption)
    .addOption(stack())
    .addHelpText('after', examples('catalog shows delete harbour'))
    .action(async (name, options) => (await import('./catalog-shows.ts')).deleteShow(name, options))
}

function withShowFields(command: Command): Command {
  return command
    .argument('<name>', 'its name: that of its folder below shows/, in lower case')
    .option('--release-date <date>', 'when it comes out, such as 2024-05-01')
    .option('--description <text>', 'what it is about')
    .option('--director <name>', 'who directs it')
    .option('--blender-version <version>', 'what it is made with, such as 4.2')
    .addOption(repeated('--character <name>', 'a character; may be given again'))
    .option(...registryOption)
    .addOption(stack())
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
