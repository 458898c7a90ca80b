import type { PipelineFacts } from '../../contracts.ts'
import { ConfigError } from '../../errors.ts'
import { ConfigFiles } from './config-files.ts'
import { factsOf } from './pipeline-facts.ts'
import type { ReadPipeline } from './read-pipeline.ts'
import { readPipeline } from './read-pipeline.ts'
import { LinkedSections } from './sections.ts'
import type { PipelineConfig, ReadText } from './types.ts'

export interface ConfigLoader {
  /** A pipeline configuration with all that it links to. @throws ConfigError with every problem that was found */
  load(file: string): PipelineConfig
  /**
   * What the registry wants to know of it. A configuration that names a class of the user's own and has none of
   * tsdat's sections is no tsdat pipeline, and no error: its kind is `custom`. @throws ConfigError
   */
  facts(file: string): PipelineFacts
}

/**
 * Reads pipeline configurations. `root` is the folder that files and links are named from (for `run --config` the
 * working directory), and `cwd`, if it is another, the one that links are; `readText` gets paths that begin with it.
 * Every file is read and parsed once, and a section that several pipelines link to without overrides checked once.
 */
export function createConfigLoader(options: {
  readonly root: string
  readonly readText: ReadText
  readonly cwd?: string
}): ConfigLoader {
  const files = new ConfigFiles(options.root, options.cwd ?? options.root, options.readText)
  const linked = new LinkedSections(files)
  const known = new Map<string, ReadPipeline>()
  const read = (file: string): ReadPipeline => {
    const name = files.name(file)
    const result = known.get(name) ?? readPipeline(name, file, files, linked)
    known.set(name, result)
    return result
  }
  return {
    load: (file) => configOf(read(file)),
    facts(file) {
      const result = read(file)
      return result.ownFacts ?? factsOf(configOf(result))
    },
  }
}

function configOf({ config, problems }: ReadPipeline): PipelineConfig {
  if (config) return config
  throw new ConfigError(problems)
}
