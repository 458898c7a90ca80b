import { textAttr } from '../../dataset/attrs.ts'
import { parseTimeUnits } from '../../dataset/cf-time-units.ts'
import { Dataset, type Variable } from '../../dataset/dataset.ts'
import { isDatetime } from '../../dataset/dtype.ts'

/**
 * The dataset as a CF decoding and encoding leaves it, without the cost of either: numbers that count from a date are
 * times to CF, so their units are spelled as times' are and they have a calendar. All data are shared.
 */
export function forNetcdf(dataset: Dataset): Dataset {
  const all = (variables: Map<string, Variable>): Map<string, Variable> =>
    new Map([...variables].map(([name, variable]) => [name, withTimeUnits(variable)]))
  return new Dataset({ coords: all(dataset.coords), dataVars: all(dataset.dataVars), attrs: dataset.attrs })
}

function withTimeUnits(variable: Variable): Variable {
  const units = textAttr(variable.attrs, 'units')
  if (units === undefined || isDatetime(variable.dtype) || variable.dtype === 'str') return variable
  const calendar = textAttr(variable.attrs, 'calendar') ?? 'proleptic_gregorian'
  const parsed = parseTimeUnits(units, calendar)
  if (!parsed) return variable
  return { ...variable, attrs: new Map(variable.attrs).set('units', parsed.text).set('calendar', calendar) }
}
