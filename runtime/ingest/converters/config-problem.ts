import { ConfigError } from '../../errors.ts'
import type { ConverterContext } from '../interfaces.ts'

/** What is wrong with a converter's configuration, at the variable's place in dataset.yaml. */
export function configProblem(context: ConverterContext, message: string, cause?: unknown): ConfigError {
  const { name, spec } = context
  return new ConfigError(
    [{ ...spec.place, severity: 'error', path: name, message }],
    cause === undefined ? {} : { cause },
  )
}
