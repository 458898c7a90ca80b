import { UsageError } from '../errors.ts'

export interface RunOptions {
  readonly registry: string
  readonly config?: string
  readonly replay?: true
}

/** `sluice run`: a registered pipeline at a site on files, or with `--config` one configuration as it stands. */
export async function run(
  key: string | undefined,
  inputs: readonly string[],
  options: RunOptions,
): Promise<void> {
  if (options.config !== undefined) {
    const { runConfig } = await import('./run-config.ts')
    await runConfig(options.config, key === undefined ? [] : [key, ...inputs])
    return
  }
  if (key === undefined) {
    throw new UsageError('say which pipeline at which site to run, such as: sluice run lidar/humboldt FILE…')
  }
  const { runRegistered } = await import('./run-registered.ts')
  await runRegistered(key, inputs, options)
}
