import { Command, CommanderError, Option } from 'commander'
import { version } from '../local/version.ts'
import { addCatalogCommands } from './catalog-commands.ts'
import { exitCode, report } from './failure.ts'
import { stackOption } from './stack-option.ts'

const exitCodes = `
Exit status:
  0   done
  1   something in your input or configuration has to change; the message says what
  70  something went wrong that is not your fault; a retry may help`

/** The whole command line. Each command's code is loaded when it is used. */
function program(): Command {
  const sluice = new Command('sluice')
    .description(
      'Run the data pipelines of pipelines_config.yml on this machine, with nothing else installed, and look after them on AWS.',
    )
    .version(version, '-V, --version')
    .option('--debug', 'show where an error comes from')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) })
    .addHelpText(
      'after',
      `
Examples:
  sluice demo                            run the sample pipelines on their sample data
  sluice check                           is pipelines_config.yml right?
  sluice run lidar/humboldt data/*.sta   run a pipeline on these files
  sluice new ingest tide_gauge           make a pipeline of your own
  sluice doctor                          what is wrong on this machine? (--stack: on AWS)
${exitCodes}`,
    )

  sluice
    .command('check')
    .description('report every problem of the registry, or of one pipeline configuration, at once')
    .option('--registry <file>', 'the registry to check', 'pipelines_config.yml')
    .addOption(
      stackOption('--stack <name>', 'check it with the values of Pulumi.<name>.yaml laid over it').default(
        'local',
      ),
    )
    .option('--config <file>', 'check this one pipeline configuration instead')
    .option('--json', 'print the problems as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sluice check\n  sluice check --config pipelines/lidar/config/pipeline_morro.yaml',
    )
    .action(async (options) => (await import('./check.ts')).check(options))

  sluice
    .command('plan')
    .description('show what the registry asks for: one run for each pipeline and site')
    .option('--registry <file>', 'the registry to plan', 'pipelines_config.yml')
    .addOption(stackOption('--stack <name>', 'the stack whose names are shown').default('local'))
    .option('--json', 'print the plan, or its cost, as JSON')
    .option('--cost', 'estimate what it costs a month on AWS')
    .option('--runs-per-day <number>', 'objects a day for each site, for --cost')
    .option('--seconds <number>', 'how long a run takes, for --cost')
    .option('--gb <number>', 'what a run reads and writes, for --cost')
    .option('--months <number>', 'how long data is kept, for --cost')
    .addHelpText(
      'after',
      '\nExamples:\n  sluice plan\n  sluice plan --stack prod --json\n  sluice plan --stack prod --cost --seconds 30',
    )
    .action(async (options) => (await import('./plan.ts')).plan(options))

  sluice
    .command('diff')
    .description(
      'show what the registry as it stands here changes on a stack: pipelines, sites, settings, cost',
    )
    .option('--base <revision>', "what to compare with (default: where this branch left origin's main)")
    .option('--registry <file>', 'the registry to compare', 'pipelines_config.yml')
    .addOption(stackOption('--stack <name>', 'the stack that is changed').default('prod'))
    .option('--json', 'print the difference as JSON')
    .option('--markdown', 'print it as a comment for a pull request')
    .addHelpText(
      'after',
      '\nExamples:\n  sluice diff\n  sluice diff --base HEAD              (what is not committed yet)\n  sluice diff --base v1.2 --json',
    )
    .action(async (options) => (await import('./diff.ts')).diff(options))

  sluice
    .command('stack')
    .description('print the name of the stack that the current branch deploys')
    .option('--registry <file>', 'the registry to use', 'pipelines_config.yml')
    .option('--branch <name>', 'another branch than the one that is checked out')
    .addHelpText(
      'after',
      '\nExamples:\n  sluice stack\n  sluice stack --branch main\n\nDeploy by hand, with the stack of this branch:\n  pulumi stack select --create "$(npx sluice stack)"\n  pulumi up',
    )
    .action(async (options) => (await import('./stack.ts')).stack(options))

  sluice
    .command('run')
    .description('run pipelines by hand, on files or on what is new')
    .argument(
      '[key]',
      'a pipeline at a site, such as lidar/humboldt; without it, files choose by their triggers',
    )
    .argument('[input...]', 'the files to run it on; without any, it looks for what is not done')
    .option('--clump', "run all files together, by the first one's pipeline if none is named")
    .option('--multidispatch', 'run a file by each pipeline with a trigger that matches it')
    .option('--config <file>', 'run this tsdat pipeline configuration as it stands, without the registry')
    .option('--registry <file>', 'the registry to use (default: "pipelines_config.yml")')
    .option('--replay', 'run inputs again that are already done')
    .addHelpText(
      'after',
      `
Examples:
  sluice run lidar/humboldt WLS866-48_2020_12_01__00_00_00.sta
  sluice run lidar/humboldt WLS866-48_2020_12_01__00_00_00.sta --replay   (it was done before)
  sluice run lidar_vap/humboldt          (on a schedule: a look now)
  sluice run inbox/*                     (each by the pipeline whose triggers match its path)
  sluice run --config pipelines/buoy/config/pipeline.yaml buoy.csv
  sluice run --config pipelines/mean/config/pipeline.yaml 20220413 20220414   (a VAP: begin and end)`,
    )
    .action(async (key, inputs, options) => (await import('./run.ts')).run(key, inputs, options))

  sluice
    .command('inspect')
    .description("show a netCDF file's header, and what its values are")
    .argument('<file>', 'a netCDF file of any version')
    .addHelpText(
      'after',
      `
The header is what ncdump -h shows. Below it stands, for each variable, how many values there are and how many are
missing; their least, mean and greatest (times in ISO 8601, UTC); and how many each quality test has flagged.

Examples:
  sluice inspect .sluice/output/data/humboldt/humboldt.lidar.a1/humboldt.lidar.a1.20201201.000000.nc`,
    )
    .action(async (file) => (await import('./inspect.ts')).inspect(file))

  const create = sluice
    .command('new')
    .description(
      'make a new pipeline that works as it is: configuration, README, sample input, test; registered',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  sluice new ingest tide_gauge --site harbour\n  sluice new vap lidar_hourly --from lidar',
    )
  const registry = ['--registry <file>', 'the registry to add it to', 'pipelines_config.yml'] as const
  create
    .command('ingest')
    .description('make a pipeline that reads files')
    .argument('<name>', 'its name: lower case, with digits and underscores')
    .option('--site <name...>', 'the sites that it runs at', ['main'])
    .option(...registry)
    .addHelpText(
      'after',
      '\nExamples:\n  sluice new ingest tide_gauge\n  sluice new ingest tide_gauge --site harbour pier',
    )
    .action(async (name, options) => (await import('./new.ts')).newIngest(name, options))
  create
    .command('vap')
    .description("make a pipeline of hourly means of other pipelines' output")
    .argument('<name>', 'its name: lower case, with digits and underscores')
    .requiredOption(
      '--from <source...>',
      'pipelines, such as lidar or lidar/morro, or datastreams, that it reads',
    )
    .option(...registry)
    .addHelpText(
      'after',
      '\nExamples:\n  sluice new vap lidar_hourly --from lidar\n  sluice new vap site_means --from lidar/morro morro.buoy_z06-waves.a1',
    )
    .action(async (name, options) => (await import('./new.ts')).newVap(name, options))

  sluice
    .command('schema')
    .description('write JSON schemas of every pipeline YAML file, with which editors complete and check them')
    .option('--dir <folder>', 'where to write them', '.vscode/schema')
    .addOption(
      new Option('--standards <name>', "what global attributes follow, besides tsdat's own rules")
        .choices(['tsdat', 'acdd', 'ioos'])
        .default('tsdat'),
    )
    .option(
      '--settings',
      "put them into VS Code's settings of this project, instead of printing what to put there",
    )
    .addHelpText('after', '\nExamples:\n  sluice schema\n  sluice schema --settings --standards acdd')
    .action(async (options) => (await import('./schema.ts')).schema(options))

  sluice
    .command('demo')
    .description('run every sample pipeline once, on sample data, into an empty .sluice folder')
    .addHelpText(
      'after',
      '\nIt empties what an earlier demo left, and nothing else. A pipeline that needs a program which is not installed is left out.\n\nExamples:\n  sluice demo',
    )
    .action(async () => (await import('./demo.ts')).demo())

  const photoGallery = sluice
    .command('gallery')
    .description('serve the photo gallery of this machine, on 127.0.0.1')
    .option('--port <number>', 'the port to serve it on; 0 takes one that is free', '8090')
    .addHelpText(
      'after',
      '\nExamples:\n  sluice gallery\n  sluice gallery remove "coast/golden hour.jpg" --stack prod',
    )
    .action(async (options) => (await import('./gallery.ts')).gallery(options))
  photoGallery
    .command('remove')
    .description('take photos out of the gallery of this machine, or of a deployed stack')
    .argument('<key...>', 'what the gallery calls them, with their folders')
    .addOption(stackOption('--stack <name>', 'the gallery of this deployed stack'))
    .addHelpText(
      'after',
      '\nOriginals, thumbnails and rows of the catalog stay.\n\nExamples:\n  sluice gallery remove night-sky.png\n  sluice gallery remove "coast/golden hour.jpg" --stack prod',
    )
    .action(async (keys, options) => (await import('./gallery-remove.ts')).removePhotos(keys, options))

  sluice
    .command('bootstrap')
    .description(
      'say what an AWS account and its GitHub repository need before the first push deploys, and how',
    )
    .option('--registry <file>', 'the registry to use', 'pipelines_config.yml')
    .option('--check', 'look at AWS and tell what is missing')
    .option('--json', 'print the variables of the repository, or what was found, as JSON')
    .addHelpText('after', '\nExamples:\n  sluice bootstrap\n  sluice bootstrap --check')
    .action(async (options) => (await import('./bootstrap.ts')).bootstrap(options))

  sluice
    .command('doctor')
    .description('look at this machine, or at a deployed stack: what is well, what is not, and what to do')
    .option('--registry <file>', 'the registry to use', 'pipelines_config.yml')
    .addOption(
      stackOption('--stack [name]', 'look at this stack on AWS; without a name, at that of this branch'),
    )
    .option('--json', 'print what was found as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sluice doctor\n  sluice doctor --stack\n  sluice doctor --stack prod --json',
    )
    .action(async (options) => (await import('./doctor.ts')).doctor(options))

  sluice
    .command('destroy')
    .description('take a preview down with all its data; never prod')
    .addOption(stackOption('--stack <name>', 'the stack to take down').makeOptionMandatory())
    .option('--registry <file>', 'the registry to use', 'pipelines_config.yml')
    .option('--yes <name>', "the stack's name again, where nobody can be asked for it")
    .option('--dry-run', 'only show what would be deleted and what is kept')
    .option('--buckets-only', 'empty its buckets, and leave `pulumi destroy` to you')
    .addHelpText(
      'after',
      '\nExamples:\n  sluice destroy --stack "$(npx sluice stack)" --dry-run\n  sluice destroy --stack feature-x-1234abcd',
    )
    .action(async (options) => (await import('./destroy.ts')).destroy(options))

  addCatalogCommands(sluice)
  return sluice
}

/** Does what the command line says; the exit status is set, not returned. Never throws. */
export async function runProgram(): Promise<void> {
  const isDebug = process.argv.includes('--debug')
  try {
    await program().parseAsync()
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed help or its message itself; only help and the version are no mistake.
      process.exitCode = error.exitCode === 0 ? 0 : 1
      return
    }
    report(error, isDebug)
    process.exitCode = exitCode(error)
  }
}
