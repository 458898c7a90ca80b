import type { ProjectFiles } from '../../registry/project-files.ts'

/** Where a new pipeline's quality and storage come from: the project's shared files, or own ones where it has none. */
export interface SharedSections {
  /** As pipeline.yaml links them. */
  readonly quality: string
  readonly storage: string
  /** Those of the new pipeline's own, by their paths in its folder. */
  readonly own: ReadonlyMap<string, string>
}

export function sharedSections(files: ProjectFiles): SharedSections {
  const own = new Map<string, string>()
  const find = (name: 'quality' | 'storage', text: string): string => {
    const shared = `shared/${name}.yaml`
    if (files.readText(shared) !== undefined) return shared
    own.set(`config/${name}.yaml`, text)
    return `./${name}.yaml`
  }
  return { quality: find('quality', ownQuality), storage: find('storage', ownStorage), own }
}

const ownStorage = `classname: tsdat.io.storage.FileSystem
handler:
  classname: tsdat.io.handlers.NetCDFHandler
`

const ownQuality = `managers:
  - name: Missing values
    checker:
      classname: tsdat.qc.checkers.CheckMissing
    handlers:
      - classname: tsdat.qc.handlers.RecordQualityResults
        parameters:
          assessment: bad
          meaning: Value is missing
    apply_to: [DATA_VARS]

  - name: Values below the valid minimum
    checker:
      classname: tsdat.qc.checkers.CheckValidMin
    handlers:
      - classname: tsdat.qc.handlers.RecordQualityResults
        parameters:
          assessment: bad
          meaning: Value is below valid_min
    apply_to: [DATA_VARS]

  - name: Values above the valid maximum
    checker:
      classname: tsdat.qc.checkers.CheckValidMax
    handlers:
      - classname: tsdat.qc.handlers.RecordQualityResults
        parameters:
          assessment: bad
          meaning: Value is above valid_max
    apply_to: [DATA_VARS]
`
