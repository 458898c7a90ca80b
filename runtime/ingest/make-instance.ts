import type { ClassLoader, JsonObject, Log } from '../contracts.ts'
import { ConfigError, isSluiceError } from '../errors.ts'
import type { Builtin, ClassConfig } from './config/types.ts'

/** What classes of a configuration are made with. */
export interface ClassEnvironment {
  readonly classes: ClassLoader
  readonly log: Log
}

/**
 * The object that a `classname` with its parameters stands for: from a table of built-ins, or an instance of a
 * user's class, which must have `method`. @throws ConfigError at the place in the configuration
 */
export async function makeInstance<T extends object>(
  config: ClassConfig,
  builtins: Partial<Record<Builtin, (parameters: JsonObject, log: Log) => T>>,
  method: keyof T & string,
  { classes, log }: ClassEnvironment,
): Promise<T> {
  if (config.builtin !== 'custom') {
    const make = builtins[config.builtin]
    if (!make) throw misplaced(config, `${config.classname} cannot be used here: it has no method ${method}`)
    return make(config.parameters, log)
  }
  const instance = (await loadInstance(config, classes)) as Partial<T>
  if (typeof instance[method] === 'function') return instance as T
  throw misplaced(config, `${config.classname} cannot be used here: it has no method ${method}`)
}

/** A new object of the user's class that `config` names. @throws ConfigError */
export async function loadInstance(config: ClassConfig, classes: ClassLoader): Promise<object> {
  const found = await classes.load(config.classname)
  if (typeof found !== 'function') {
    throw misplaced(config, `${config.classname} is a ${typeof found}, not a class`)
  }
  try {
    const made: unknown = new (found as new (parameters: JsonObject) => unknown)(config.parameters)
    return made as object
  } catch (cause) {
    if (isSluiceError(cause)) throw cause
    throw misplaced(config, `${config.classname} could not be made: ${describe(cause)}`, cause)
  }
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function misplaced(config: ClassConfig, message: string, cause?: unknown): ConfigError {
  return new ConfigError(
    [{ ...config.place, severity: 'error', path: '', message }],
    cause === undefined ? {} : { cause },
  )
}
