import type { Variable } from '../../dataset/dataset.ts'
import { ConfigError, InputError, isSluiceError } from '../../errors.ts'
import type { ClassConfig, DatasetConfig, RetrievedConfig, VariableConfig } from '../config/types.ts'
import { converters as builtinConverters } from '../converters/builtins.ts'
import type { Converter, ConverterContext } from '../interfaces.ts'
import { type ClassEnvironment, makeInstance } from '../make-instance.ts'

/** A variable to convert, and all that its converters are told, but for what is the same for every variable. */
export interface Conversion {
  readonly variable: Variable
  readonly config: RetrievedConfig
  readonly context: Omit<ConverterContext, 'spec' | 'datasetConfig' | 'log' | 'place'>
}

/** What came of a conversion. */
export interface Converted {
  readonly variable: Variable
  readonly extras: ReadonlyMap<string, Variable>
  /** The output's coords that the variable is on now; `ALL`: every one. */
  readonly regridded: ReadonlySet<string>
  /** Whether a converter of the user's own took part: only the length tells then what the variable is on. */
  readonly isCustom: boolean
}

/**
 * Runs a variable's converters in order, and gives the result and what came with it. Converters are made once.
 * @throws InputError that names the variable; ConfigError
 */
export class ConverterRunner {
  private readonly datasetConfig: DatasetConfig
  private readonly environment: ClassEnvironment
  private readonly made = new Map<object, Converter>()

  constructor(datasetConfig: DatasetConfig, environment: ClassEnvironment) {
    this.datasetConfig = datasetConfig
    this.environment = environment
  }

  async run({ variable, config, context }: Conversion): Promise<Converted> {
    const spec = specOf(this.datasetConfig, context, config)
    const extras = new Map<string, Variable>()
    const regridded = new Set<string>()
    let current = variable
    for (const converterConfig of config.converters) {
      const converter = await this.converterOf(converterConfig)
      try {
        const converted = await converter.convert(current, {
          ...context,
          spec,
          datasetConfig: this.datasetConfig,
          log: this.environment.log,
          place: converterConfig.place,
        })
        if (!converted) continue
        current = converted.variable
        if (isRegridding(converterConfig))
          regridded.add((converterConfig.parameters.coord ?? 'time') as string)
        for (const [name, extra] of converted.extras ?? []) extras.set(name, extra)
      } catch (error) {
        if (!isSluiceError(error, 'input') || (error as InputError).place) throw error
        const message = error.message.includes(context.name)
          ? error.message
          : `${context.name}: ${error.message}`
        throw new InputError(message, {
          place: { file: context.inputKey },
          element: (error as InputError).element,
          cause: error,
        })
      }
    }
    return {
      variable: current,
      extras,
      regridded,
      isCustom: config.converters.some(({ builtin }) => builtin === 'custom'),
    }
  }

  private async converterOf(config: RetrievedConfig['converters'][number]): Promise<Converter> {
    const known = this.made.get(config)
    if (known) return known
    const converter = await makeInstance(config, builtinConverters, 'convert', this.environment)
    this.made.set(config, converter)
    return converter
  }
}

function specOf(
  datasetConfig: DatasetConfig,
  { name, role }: Pick<ConverterContext, 'name' | 'role'>,
  { place }: RetrievedConfig,
): VariableConfig {
  const spec = (role === 'coord' ? datasetConfig.coords : datasetConfig.dataVars).get(name)
  if (spec) return spec
  throw new ConfigError([
    {
      ...place,
      severity: 'error',
      path: name,
      message: `the retriever gives ${name}, which dataset.yaml does not have among its ${role === 'coord' ? 'coords' : 'data_vars'}`,
    },
  ])
}

/** Whether a converter gives values at the output's labels instead of the input's. */
function isRegridding({ builtin }: ClassConfig): boolean {
  return builtin === 'NearestNeighbor' || builtin.startsWith('transform')
}
