import type { JsonObject, PipelineModule, RunContext, Skipped, Succeeded } from '../../runtime/index.ts'
import { scanAssets } from './asset-scan.ts'
import { readParameters } from './scan-parameters.ts'

/**
 * Scans everything under a prefix into the catalog: a row a file or sequence, and a thumbnail of what can be seen.
 * Only what is new or has changed is read.
 */
export class CgAssets implements PipelineModule {
  readonly #parameters: JsonObject

  constructor(parameters: JsonObject) {
    this.#parameters = parameters
  }

  /** @throws ConfigError when a parameter is wrong, or the run does not reach the catalog */
  async run(context: RunContext): Promise<Succeeded | Skipped> {
    return scanAssets(context, readParameters(this.#parameters, context.run.configFile))
  }
}
