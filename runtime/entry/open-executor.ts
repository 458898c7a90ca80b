import { makeS3Client } from '../storage/s3-client.ts'
import { bundledClassLoader } from './bundled-class-loader.ts'
import type { Executor } from './executor.ts'
import { openServices } from './services.ts'
import { type BucketNames, type Environment, readBuckets, readRunSettings } from './settings.ts'
import { s3Stores } from './stores.ts'

/** What a process gives its entry point. */
export interface ProcessParts {
  readonly environment: Environment
  /** Where the artefact lies, with the configuration files below it. */
  readonly projectRoot: string
  readonly scratchRoot: string
  /** Of Sluice. */
  readonly version: string
  readonly classes: Readonly<Record<string, unknown>>
  readonly clock: () => Date
  /** Gets one line of the log. */
  readonly write: (line: string) => void
}

/** What runs the planned run that the environment names, on the stack's buckets. @throws ConfigError */
export function openExecutor(parts: ProcessParts): {
  readonly executor: Executor
  readonly buckets: BucketNames
} {
  const { environment, projectRoot, scratchRoot, version, clock } = parts
  const { run, codeVersion } = readRunSettings(environment, projectRoot)
  const buckets = readBuckets(environment)
  const stores = s3Stores(makeS3Client(), buckets)
  const classes = bundledClassLoader(parts.classes)
  return {
    executor: {
      run,
      stores,
      projectRoot,
      ...(environment.PATH && { searchPath: environment.PATH }),
      scratchRoot,
      codeVersion,
      version,
      classes,
      clock,
      openServices: () => openServices(run, environment, buckets),
    },
    buckets,
  }
}
