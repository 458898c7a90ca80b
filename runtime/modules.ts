import type { PipelineModule, PlannedRun } from './contracts.ts'
import { createConfigLoader } from './ingest/config/config-loader.ts'
import { createIngestModule } from './ingest/ingest-module.ts'
import { createFilesOf } from './ingest/storage/stored-files.ts'
import { createOwnModule } from './own-module.ts'
import { readProjectText } from './project-text.ts'
import type { FilesOf } from './run/inputs.ts'
import { createTableLoadModule } from './tables/table-load-module.ts'

/** What runs a planned run, here or on AWS. */
export function moduleOf(run: PlannedRun, version: string): PipelineModule {
  switch (run.module) {
    case 'table-load':
      return createTableLoadModule()
    case 'own':
      return createOwnModule()
    case 'tsdat':
      return createIngestModule({ version, readText: readProjectText })
  }
}

/** Of a VAP: which files its fetch of a span reads. Lists the storage once: make a new one for each look. @throws ConfigError */
export function filesOf(run: PlannedRun, projectRoot: string): FilesOf | undefined {
  if (run.type !== 'vap') return undefined
  const loader = createConfigLoader({ root: projectRoot, readText: readProjectText })
  return createFilesOf(loader.load(run.configFile), run.output.prefix)
}
