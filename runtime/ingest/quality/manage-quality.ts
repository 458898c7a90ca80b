import type { Dataset } from '../../dataset/dataset.ts'
import { ConfigError, InputError, isSluiceError } from '../../errors.ts'
import type { QualityConfig, QualityManagerConfig } from '../config/types.ts'
import type { Checker, Handler } from '../interfaces.ts'
import { type ClassEnvironment, makeInstance } from '../make-instance.ts'
import { checkers, handlers } from './builtins.ts'
import { countMarks } from './count-marks.ts'

/** A manager of quality.yaml with its checker and handlers made. */
export interface QualityManager {
  readonly config: QualityManagerConfig
  readonly checker: Checker
  readonly handlers: readonly Handler[]
}

/** Makes every checker and handler. @throws ConfigError when a user's class cannot be one */
export async function makeQualityManagers(
  config: QualityConfig,
  environment: ClassEnvironment,
): Promise<QualityManager[]> {
  const managers: QualityManager[] = []
  for (const manager of config.managers) {
    managers.push({
      config: manager,
      checker: await makeInstance(manager.checker, checkers, 'check', environment),
      handlers: await Promise.all(
        manager.handlers.map((handler) => makeInstance(handler, handlers, 'handle', environment)),
      ),
    })
  }
  return managers
}

/**
 * Runs the managers in order, each on its variables in turn: later ones see what earlier ones changed. The dataset
 * is changed in place where that is possible. @throws QualityError from FailPipeline; InputError when a check cannot
 * be made; ConfigError when a variable is named that does not exist
 */
export async function manageQuality(
  dataset: Dataset,
  managers: readonly QualityManager[],
  signal?: AbortSignal,
): Promise<Dataset> {
  let current = dataset
  for (const manager of managers) {
    for (const name of variablesOf(manager.config, current)) {
      signal?.throwIfAborted()
      current = await manageVariable(name, current, manager)
    }
  }
  return current
}

async function manageVariable(name: string, dataset: Dataset, manager: QualityManager): Promise<Dataset> {
  const { config } = manager
  try {
    const found = await manager.checker.check(name, dataset)
    if (!found) return dataset
    let failures = config.checker.builtin === 'custom' ? asMarks(found, config.checker.classname) : found
    expectLength(name, dataset, failures, config.checker.classname)
    let current = dataset
    for (const [index, handler] of manager.handlers.entries()) {
      current = await handler.handle(name, current, failures)
      failures = afterHandler(name, current, failures, config.handlers[index]?.classname ?? '')
    }
    return current
  } catch (error) {
    if (!isSluiceError(error, 'input') || (error as InputError).place) throw error
    throw new InputError(`quality check "${config.name}": ${error.message}`, {
      place: config.checker.place,
      cause: error,
    })
  }
}

/** What a checker of the user's own gave, as 0 and 1, which handlers count on. */
function asMarks(failures: unknown, classname: string): Uint8Array {
  if (failures instanceof Uint8Array) return failures.map((mark) => Number(mark !== 0))
  throw new InputError(`${classname} gave ${typeof failures}, not a Uint8Array`)
}

function expectLength(name: string, dataset: Dataset, failures: Uint8Array, classname: string): void {
  const expected = dataset.get(name)?.data.length
  if (failures.length === expected) return
  throw new InputError(`${classname} gave ${failures.length} results for the ${expected} values of ${name}`)
}

/** Where a handler dropped the failed positions, what is left passed; any other change of size makes no sense. */
function afterHandler(name: string, dataset: Dataset, failures: Uint8Array, classname: string): Uint8Array {
  const size = dataset.get(name)?.data.length
  if (size === failures.length) return failures
  const passed = failures.length - countMarks(failures)
  if (size === passed) return new Uint8Array(size)
  throw new InputError(
    `${classname} left ${size ?? 'no'} values of ${name}; its failures are for ${failures.length}`,
  )
}

/** `apply_to` without `exclude`: names as they are, `COORDS`, and `DATA_VARS`, which leaves out `qc_` variables. */
function variablesOf(config: QualityManagerConfig, dataset: Dataset): string[] {
  const names = config.applyTo.flatMap((entry) => {
    if (entry === 'COORDS') return [...dataset.coords.keys()]
    if (entry === 'DATA_VARS') return [...dataset.dataVars.keys()].filter((name) => !name.startsWith('qc_'))
    return [entry]
  })
  const included = names.filter((name) => !config.exclude.includes(name))
  const unknown = included.find((name) => !dataset.get(name))
  if (unknown === undefined) return included
  const known = [...dataset.coords.keys(), ...dataset.dataVars.keys()].join(', ')
  throw new ConfigError([
    {
      ...config.checker.place,
      severity: 'error',
      path: 'apply_to',
      message: `"${unknown}" is no variable of the dataset; those are ${known}`,
    },
  ])
}
