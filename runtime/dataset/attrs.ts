import { InputError } from '../errors.ts'
import type { Attrs, AttrValue, TypedAttr } from './dataset.ts'

/** How the attributes of several objects become one, by xarray's names. */
export type CombineAttrs = 'drop' | 'identical' | 'no_conflicts' | 'drop_conflicts' | 'override'

/** Whether two attributes say the same; numbers of different types may, as in xarray. */
export function sameAttr(a: AttrValue | undefined, b: AttrValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  const [left, right] = [asList(a), asList(b)]
  return left.length === right.length && left.every((value, i) => sameScalar(value, right[i]))
}

function sameScalar(a: string | number | bigint, b: string | number | bigint | undefined): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  // biome-ignore lint/suspicious/noDoubleEquals: 1 and 1n are the same number
  return a == b || (Number.isNaN(a) && Number.isNaN(b))
}

function asList(value: AttrValue): readonly (string | number | bigint)[] {
  if (typeof value !== 'object') return [value]
  return isTypedAttr(value) ? value.values : value
}

export function isTypedAttr(value: AttrValue): value is TypedAttr {
  return typeof value === 'object' && !Array.isArray(value)
}

/** The text of an attribute, or `undefined` when it is missing or something else. */
export function textAttr(attrs: Attrs, name: string): string | undefined {
  const value = attrs.get(name)
  return typeof value === 'string' ? value : undefined
}

/** The numbers of an attribute, one or many; `undefined` when it is missing or text. */
export function numbersAttr(attrs: Attrs, name: string): readonly (number | bigint)[] | undefined {
  const value = attrs.get(name)
  if (typeof value === 'number' || typeof value === 'bigint') return [value]
  return value !== undefined && isTypedAttr(value) ? value.values : undefined
}

export function sameAttrs(a: Attrs, b: Attrs): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.has(name) && sameAttr(value, b.get(name)))
}

/** @throws InputError that names the attribute where `how` does not allow a difference */
export function combineAttrs(all: readonly Attrs[], how: CombineAttrs, of: string): Attrs {
  const [first = new Map<string, AttrValue>(), ...others] = all
  if (how === 'drop') return new Map()
  if (how === 'override') return new Map(first)
  const result: Attrs = new Map(first)
  const dropped = new Set<string>()
  for (const attrs of others) {
    if (how === 'identical' && !sameAttrs(first, attrs))
      throw new InputError(`${of}: the attributes differ, and combine_attrs is identical`)
    for (const [name, value] of attrs) {
      if (dropped.has(name)) continue
      if (!result.has(name)) result.set(name, value)
      else if (!sameAttr(result.get(name), value)) {
        if (how !== 'drop_conflicts')
          throw new InputError(`${of}: the attribute ${name} differs, and combine_attrs is ${how}`)
        result.delete(name)
        dropped.add(name)
      }
    }
  }
  return result
}
