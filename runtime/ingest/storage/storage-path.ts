import { ConfigError, isSluiceError } from '../../errors.ts'
import type { StorageConfig } from '../config/types.ts'
import { substituteTemplate, type TemplateValues } from '../template.ts'

type Template =
  | 'dataStoragePath'
  | 'dataFilenameTemplate'
  | 'ancillaryStoragePath'
  | 'ancillaryFilenameTemplate'

const keys: Readonly<Record<Template, string>> = {
  dataStoragePath: 'data_storage_path',
  dataFilenameTemplate: 'data_filename_template',
  ancillaryStoragePath: 'ancillary_storage_path',
  ancillaryFilenameTemplate: 'ancillary_filename_template',
}

/**
 * The parts of the path below the storage's root that a template comes to.
 * @throws ConfigError at the storage's place: for a value that is missing, and for a path that leads out
 */
export function storagePath(config: StorageConfig, template: Template, values: TemplateValues): string[] {
  try {
    return safeSegments(config, template, substituteTemplate(config[template], values))
  } catch (error) {
    if (!isSluiceError(error, 'input')) throw error
    throw problem(config, template, error.message, error)
  }
}

/** The parts of a template's path as it is, unfilled. @throws ConfigError for one that leads out of the storage */
export function safeSegments(config: StorageConfig, template: Template, path = config[template]): string[] {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (!segments.includes('..')) return segments
  throw problem(config, template, `the path "${path}" leads out of the storage`)
}

function problem(
  { place }: StorageConfig,
  template: Template,
  message: string,
  cause?: unknown,
): ConfigError {
  const path = `storage.parameters.${keys[template]}`
  return new ConfigError([{ ...place, severity: 'error', path, message }], { cause })
}
