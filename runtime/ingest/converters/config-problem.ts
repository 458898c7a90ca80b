import { ConfigError, type Place } from '../../errors.ts'
import type { ConverterContext } from '../interfaces.ts'

/** What is wrong with a converter's configuration, at its place. */
export function configProblem(context: ConverterContext, message: string, cause?: unknown): ConfigError {
  return problemAt(context.place ?? context.spec.place, context, message, cause)
}

/** What is wrong with the output's entry in dataset.yaml, at its place there. */
export function outputProblem(context: ConverterContext, message: string): ConfigError {
  return problemAt(context.spec.place, context, message)
}

function problemAt(place: Place, { name }: ConverterContext, message: string, cause?: unknown): ConfigError {
  return new ConfigError(
    [{ ...place, severity: 'error', path: name, message }],
    cause === undefined ? {} : { cause },
  )
}
