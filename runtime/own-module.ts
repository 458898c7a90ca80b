import type { ModuleClass, PipelineModule, RunContext } from './contracts.ts'
import { ConfigError, isSluiceError } from './errors.ts'

/** The module of pipelines that are a class of the project's own, made with the run's parameters. */
export function createOwnModule(): PipelineModule {
  return { run: async (context) => (await makeModule(context)).run(context) }
}

/** @throws ConfigError when the class is none, or has no `run`, or cannot be made */
async function makeModule({ run, classes }: RunContext): Promise<PipelineModule> {
  const classname = run.classnames[0] as string
  const found = await classes.load(classname)
  if (typeof found !== 'function') {
    throw problem(run.configFile, `${classname} is a ${typeof found}, not a class`)
  }
  let made: Partial<PipelineModule>
  try {
    made = new (found as ModuleClass)(run.parameters)
  } catch (cause) {
    if (isSluiceError(cause)) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    throw problem(run.configFile, `${classname} could not be made: ${message}`, cause)
  }
  if (typeof made.run === 'function') return made as PipelineModule
  throw problem(
    run.configFile,
    `${classname} has no method run(context): it is no pipeline; a class of hooks needs tsdat's sections beside it`,
  )
}

function problem(file: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError(
    [{ file, severity: 'error', path: 'classname', message }],
    cause === undefined ? {} : { cause },
  )
}
