import { UsageError } from '../errors.ts'

export interface RunOptions {
  readonly registry?: string
  readonly config?: string
  readonly replay?: true
  /** Of files: all in one run. */
  readonly clump?: true
  /** Of files that choose their pipeline: several may take one. */
  readonly multidispatch?: true
}

/**
 * `sluice run`: a registered pipeline at a site on files; files alone, whose pipelines their triggers choose; or with
 * `--config` one configuration as it stands.
 */
export async function run(
  key: string | undefined,
  inputs: readonly string[],
  options: RunOptions,
): Promise<void> {
  if (options.config !== undefined) {
    const other = (['clump', 'multidispatch', 'registry', 'replay'] as const).find((name) => options[name])
    if (other) throw new UsageError(`--${other} is for runs of the registry: leave it out, or --config`)
    const { runConfig } = await import('./run-config.ts')
    await runConfig(options.config, key === undefined ? [] : [key, ...inputs])
    return
  }
  if (key === undefined) {
    throw new UsageError(
      'say what to run, such as: sluice run lidar/humboldt FILE…, or FILE… whose names choose their pipelines',
    )
  }
  const { runFromRegistry } = await import('./run-registered.ts')
  await runFromRegistry(key, inputs, options)
}
