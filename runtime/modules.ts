import type { PipelineModule, PlannedRun } from './contracts.ts'
import { createConfigLoader } from './ingest/config/config-loader.ts'
import { createIngestModule } from './ingest/ingest-module.ts'
import { createFilesOf } from './ingest/storage/stored-files.ts'
import { readProjectText } from './project-text.ts'
import type { FilesOf } from './run/inputs.ts'
import { tableLoadClass } from './tables/config/table-load-fields.ts'
import { createTableLoadModule } from './tables/table-load-module.ts'

/** Whether a planned run's configuration is that of a table load, and none of tsdat's. */
export function isTableLoad({ classnames }: PlannedRun): boolean {
  return classnames[0] === tableLoadClass
}

/** What runs a planned run, here or on AWS: the class that its configuration names, else tsdat's language. */
export function moduleOf(run: PlannedRun, version: string): PipelineModule {
  if (isTableLoad(run)) return createTableLoadModule()
  return createIngestModule({ version, readText: readProjectText })
}

/** Of a VAP: which files its fetch of a span reads. Lists the storage once: make a new one for each look. @throws ConfigError */
export function filesOf(run: PlannedRun, projectRoot: string): FilesOf | undefined {
  if (run.type !== 'vap') return undefined
  const loader = createConfigLoader({ root: projectRoot, readText: readProjectText })
  return createFilesOf(loader.load(run.configFile), run.output.prefix)
}
