import type { Variable } from '../../dataset/dataset.ts'
import { isNumeric } from '../../dataset/dtype.ts'
import { TextArray } from '../../dataset/text-array.ts'
import { InputError } from '../../errors.ts'
import type { Converted, Converter, ConverterContext } from '../interfaces.ts'
import { withCarets } from '../units/caret.ts'
import { isReferenceTime, parseUnit } from '../units/parse-unit.ts'
import { type Conversion, convertValues, unitConversion } from '../units/unit-conversion.ts'
import { outputProblem } from './config-problem.ts'
import { castToOutput, outputUnits, unitsText } from './output-type.ts'

/**
 * Gives a numeric variable the units and the type of its output. Units of the input are those configured, else its
 * attribute `units`. Where they are unknown or no unit, values stay as they are; where the output's are no unit, the
 * whole variable does. NaN stays NaN.
 */
export class UnitsConverter implements Converter {
  private readonly inputUnits: string | undefined

  constructor(inputUnits?: string) {
    this.inputUnits = inputUnits
  }

  /** @throws InputError when the units have different dimensions */
  convert(variable: Variable, context: ConverterContext): Converted | undefined {
    if (!isNumeric(variable.dtype) || variable.data instanceof TextArray) return undefined
    const from = this.inputUnits ?? unitsText(variable.attrs.get('units'))
    const to = outputUnits(context)
    let converted = variable
    if (needsConversion(from, to, context)) {
      if (!parseUnit(to)) {
        if (!isReferenceTime(to)) warnOfUnknown(from, to, context)
        return undefined
      }
      const conversion = conversionFor(from, to, context.name)
      // Anew, not in place: the input's array may be another output's too.
      const data = changesNothing(conversion) ? variable.data : convertValues(variable.data, conversion)
      converted = { ...variable, data, ...(data === variable.data ? {} : { dtype: 'float64' }) }
    }
    const attrs = new Map(variable.attrs)
    if (to !== '') attrs.set('units', to)
    return { variable: { ...castToOutput(converted, context), attrs } }
  }
}

/** @throws ConfigError when there are units to convert from and none to convert to */
function needsConversion(from: string, to: string, context: ConverterContext): boolean {
  const [source, target] = [withCarets(from), withCarets(to)]
  if (source === '' || source === '1' || target === '1' || source === target) return false
  if (!parseUnit(source)) {
    warnOfUnknown(from, to, context)
    return false
  }
  if (target !== '') return true
  throw outputProblem(context, `has no units in dataset.yaml to convert its input's units "${from}" to`)
}

/** tsdat is silent about it, and values that are taken for what they are not look like any others. */
function warnOfUnknown(input: string, output: string, { log, name }: ConverterContext): void {
  log.warn('Units:Unknown', { variable: name, input, output })
}

function conversionFor(from: string, to: string, name: string): Conversion {
  try {
    return unitConversion(from, to)
  } catch (cause) {
    throw cause instanceof InputError ? new InputError(`${name}: ${cause.message}`, { cause }) : cause
  }
}

function changesNothing(conversion: Conversion): boolean {
  return (
    conversion.kind === 'affine' &&
    conversion.scale === 1 &&
    conversion.divisor === 1 &&
    conversion.offset === 0
  )
}
