import type { ModuleKind, PipelineModule, PlannedRun } from './contracts.ts'
import type { FilesOf } from './run/inputs.ts'

type MakeModule = (version: string) => PipelineModule

/** What each kind of configuration is run by. Loaded when it is wanted: few artefacts and workers need all of it. */
const loaders: Readonly<Record<ModuleKind, () => Promise<MakeModule>>> = {
  tsdat: async () => {
    const [{ createIngestModule }, { readProjectText }] = await Promise.all([
      import('./ingest/ingest-module.ts'),
      import('./project-text.ts'),
    ])
    return (version) => createIngestModule({ version, readText: readProjectText })
  },
  'table-load': async () => {
    const { createTableLoadModule } = await import('./tables/table-load-module.ts')
    return createTableLoadModule
  },
  own: async () => {
    const { createOwnModule } = await import('./own-module.ts')
    return createOwnModule
  },
}

/** What runs a planned run, here or on AWS. */
export function moduleOf(run: PlannedRun, version: string): PipelineModule {
  return {
    async run(context) {
      const make = await loaders[run.module]()
      return make(version).run(context)
    },
  }
}

/** Loads what a planned run is run by, ahead of its first run. */
export async function loadModule(run: PlannedRun): Promise<void> {
  await loaders[run.module]()
}

/** Of a VAP: which files its fetch of a span reads. Lists the storage once: make a new one for each look. @throws ConfigError */
export function filesOf(run: PlannedRun, projectRoot: string): FilesOf | undefined {
  if (run.type !== 'vap') return undefined
  let made: Promise<FilesOf> | undefined
  return async (reader, window) => {
    made ??= makeFilesOf(run, projectRoot)
    return (await made)(reader, window)
  }
}

async function makeFilesOf(run: PlannedRun, projectRoot: string): Promise<FilesOf> {
  const [{ createConfigLoader }, { createFilesOf }, { readProjectText }] = await Promise.all([
    import('./ingest/config/config-loader.ts'),
    import('./ingest/storage/stored-files.ts'),
    import('./project-text.ts'),
  ])
  const loader = createConfigLoader({ root: projectRoot, readText: readProjectText })
  return createFilesOf(loader.load(run.configFile), run.output.prefix)
}
