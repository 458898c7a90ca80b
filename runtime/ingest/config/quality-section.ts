import type { ClassReading } from './read-class.ts'
import { readClass } from './read-class.ts'
import { checkKeys, readShape, showFound } from './read-shape.ts'
import type { Cursor } from './report.ts'
import { childCursor } from './report.ts'
import type { Fields } from './shape.ts'
import { anything, listOf, text } from './shape.ts'
import type { ClassConfig, QualityConfig, QualityManagerConfig } from './types.ts'
import type { YamlMap } from './yaml-node.ts'

/** The keys of quality.yaml. */
export const qualityFields: Fields = {
  managers: {
    shape: listOf(anything),
    description: 'What is checked and what is done about it, in this order.',
    isRequired: true,
  },
}

/** The keys of an entry of `managers`. */
export const managerFields: Fields = {
  name: { shape: text, description: 'A name for people.', isRequired: true },
  checker: { shape: anything, description: 'The class that finds failures.', isRequired: true },
  handlers: {
    shape: listOf(anything, { min: 1 }),
    description: 'The classes that do something about failures, in this order.',
    isRequired: true,
  },
  apply_to: {
    shape: listOf(text, { min: 1 }),
    description: 'Names of variables; COORDS: all coordinates; DATA_VARS: all other variables.',
    isRequired: true,
  },
  exclude: { shape: listOf(text), description: 'Names of variables that are left out.', default: [] },
}

/** quality.yaml; `undefined` after a problem was reported that leaves nothing to go on with. */
export function readQuality(cursor: Cursor, reading: ClassReading): QualityConfig | undefined {
  const { report } = reading
  const { node } = cursor
  if (node.kind !== 'map') {
    report.error(cursor, `found ${showFound(node)}; expected a map with managers`)
    return undefined
  }
  checkKeys(qualityFields, cursor, node, report)
  const list = node.entries.get('managers')?.value
  if (!list) return undefined
  const at = childCursor(cursor, 'managers', list)
  if (list.kind !== 'list') {
    report.error(at, `found ${showFound(list)}; expected a list (it may be empty: [])`)
    return undefined
  }
  const names = new Set<string>()
  const managers = list.items.flatMap((item, index) => {
    const cursorOfItem = childCursor(at, index, item)
    const manager = readManager(cursorOfItem, reading)
    if (manager && names.has(manager.name)) {
      report.error(cursorOfItem, `the name ${JSON.stringify(manager.name)} is used by another manager`)
    }
    if (manager) names.add(manager.name)
    return manager ? [manager] : []
  })
  return { managers }
}

function readManager(cursor: Cursor, reading: ClassReading): QualityManagerConfig | undefined {
  const { report } = reading
  const { node } = cursor
  if (node.kind !== 'map') {
    report.error(cursor, `found ${showFound(node)}; expected a map with name, checker, handlers, apply_to`)
    return undefined
  }
  const isComplete = checkKeys(managerFields, cursor, node, report)
  const read = (key: string) => {
    const value = node.entries.get(key)?.value
    return value && readShape(managerFields[key]!.shape, childCursor(cursor, key, value), report)
  }
  const name = read('name') as string | undefined
  const checkerNode = node.entries.get('checker')?.value
  const checker = checkerNode && readClass(childCursor(cursor, 'checker', checkerNode), 'checker', reading)
  const handlers = readHandlers(cursor, node, reading)
  const applyTo = read('apply_to') as string[] | undefined
  const exclude = node.entries.has('exclude') ? (read('exclude') as string[] | undefined) : []
  if (!isComplete || name === undefined || !checker || !handlers || !applyTo || !exclude) return undefined
  return { name, checker, handlers, applyTo, exclude, place: node.place }
}

function readHandlers(
  cursor: Cursor,
  manager: YamlMap,
  reading: ClassReading,
): readonly ClassConfig[] | undefined {
  const node = manager.entries.get('handlers')?.value
  if (!node) return undefined
  const at = childCursor(cursor, 'handlers', node)
  if (node.kind !== 'list' || node.items.length === 0) {
    readShape(managerFields.handlers!.shape, at, reading.report)
    return undefined
  }
  const handlers = node.items.map((item, index) =>
    readClass(childCursor(at, index, item), 'quality handler', reading),
  )
  return handlers.includes(undefined) ? undefined : (handlers as ClassConfig[])
}
