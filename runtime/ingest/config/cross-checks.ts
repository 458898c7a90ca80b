import { isDatetime, parseDType } from '../../dataset/dtype.ts'
import { didYouMean } from './nearest-name.ts'
import type { Cursor, Report } from './report.ts'
import { childCursor, joinPath } from './report.ts'
import { checkExtentUnits } from './transformation.ts'
import type { YamlEntry, YamlMap, YamlNode } from './yaml-node.ts'

/** A section as it was read, with where to report what does not agree with another section. */
export interface CheckedSection {
  readonly root: Cursor
  readonly report: Report
}

/**
 * What is retrieved must be in dataset.yaml. The names are those of the YAML, not of what could be read of it, so
 * that one broken variable is reported once.
 */
export function checkRetrievedNames(retriever: CheckedSection, dataset: CheckedSection): void {
  const coords = mapAt(dataset.root, 'coords')
  const dataVars = mapAt(dataset.root, 'data_vars')
  if (!coords || !dataVars) return
  const all = [...coords.entries.keys(), ...dataVars.entries.keys()]
  for (const group of ['coords', 'data_vars'] as const) {
    const own = group === 'coords' ? coords : dataVars
    for (const entry of mapAt(retriever.root, group)?.entries.values() ?? []) {
      if (own.entries.has(entry.key)) continue
      const path = joinPath(joinPath('', group), entry.key)
      const other = group === 'coords' ? 'data_vars' : 'coords'
      const message = all.includes(entry.key)
        ? `"${entry.key}" is one of the ${other} in dataset.yaml; move it there`
        : `"${entry.key}" is not in dataset.yaml, neither in coords nor in data_vars${didYouMean(entry.key, all)}`
      retriever.report.errorAt(entry.keyPlace, path, message)
    }
  }
}

/** A coordinate that nothing gives values to is most likely an oversight; an input may still bring it by its name. */
export function checkCoordsHaveValues(retriever: CheckedSection, dataset: CheckedSection): void {
  const retrieved = mapAt(retriever.root, 'coords')
  if (!retrieved) return
  for (const { key, value } of mapAt(dataset.root, 'coords')?.entries.values() ?? []) {
    const data = value.kind === 'map' ? value.entries.get('data')?.value : undefined
    if (retrieved.entries.has(key) || (data && data.kind !== 'null')) continue
    const at: Cursor = { node: value, path: joinPath('coords', key) }
    dataset.report.warn(at, 'this coordinate is neither retrieved nor has data')
  }
}

/** Names that quality.yaml applies checks to must exist; what hooks of a class of the user's own add is not known. */
export function checkQualityNames(quality: CheckedSection, dataset: CheckedSection, isCustom: boolean): void {
  const names = [
    ...(mapAt(dataset.root, 'coords')?.entries.keys() ?? []),
    ...(mapAt(dataset.root, 'data_vars')?.entries.keys() ?? []),
  ]
  const managers =
    quality.root.node.kind === 'map' ? quality.root.node.entries.get('managers')?.value : undefined
  if (managers?.kind !== 'list') return
  managers.items.forEach((manager, index) => {
    const applyTo = manager.kind === 'map' ? manager.entries.get('apply_to')?.value : undefined
    if (applyTo?.kind !== 'list') return
    const at = childCursor(
      childCursor({ node: managers, path: 'managers' }, index, manager),
      'apply_to',
      applyTo,
    )
    applyTo.items.forEach((item, position) => {
      if (item.kind !== 'text' || isKnown(item.value, names)) return
      const hint = didYouMean(item.value, ['COORDS', 'DATA_VARS', ...names])
      const message = `"${item.value}" is no variable of dataset.yaml${hint}`
      const where = childCursor(at, position, item)
      if (isCustom) quality.report.warn(where, message)
      else quality.report.error(where, message)
    })
  })
}

/** Earlier handlers may have made a quality variable. */
function isKnown(name: string, names: readonly string[]): boolean {
  return name === 'COORDS' || name === 'DATA_VARS' || name.startsWith('qc_') || names.includes(name)
}

/** `width: {height: 10m}` would be ten minutes. */
export function checkTransformationUnits(retriever: CheckedSection, dataset: CheckedSection): void {
  const parameters = mapAt(retriever.root, 'parameters')
  const node = parameters?.entries.get('transformation_parameters')?.value
  if (!node) return
  const at: Cursor = { node, path: 'parameters.transformation_parameters' }
  const coords = mapAt(dataset.root, 'coords')
  checkExtentUnits(at, (dim) => isTimeCoord(coords?.entries.get(dim)), retriever.report)
}

function isTimeCoord(entry: YamlEntry | undefined): boolean | undefined {
  const dtype = entry?.value.kind === 'map' ? entry.value.entries.get('dtype')?.value : undefined
  const parsed = dtype?.kind === 'text' ? parseDType(dtype.value) : undefined
  return parsed && isDatetime(parsed)
}

function mapAt(cursor: Cursor, key: string): YamlMap | undefined {
  const node: YamlNode | undefined =
    cursor.node.kind === 'map' ? cursor.node.entries.get(key)?.value : undefined
  return node?.kind === 'map' ? node : undefined
}
