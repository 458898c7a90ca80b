import type { Place } from '../../errors.ts'

/** A YAML document as PyYAML's `safe_load` understands it, with the place of every value. */
export type YamlNode = YamlScalar | YamlList | YamlMap
export type YamlScalar = YamlNull | YamlBoolean | YamlInteger | YamlFloat | YamlText | YamlDate

export interface YamlNull {
  readonly kind: 'null'
  readonly place: Place
}

export interface YamlBoolean {
  readonly kind: 'boolean'
  readonly value: boolean
  /** As written: `yes`, `Off`. */
  readonly source: string
  readonly place: Place
}

export interface YamlInteger {
  readonly kind: 'integer'
  /** A bigint beyond ±(2^53 - 1). */
  readonly value: number | bigint
  readonly source: string
  readonly place: Place
}

export interface YamlFloat {
  readonly kind: 'float'
  readonly value: number
  readonly source: string
  readonly place: Place
}

export interface YamlText {
  readonly kind: 'text'
  readonly value: string
  readonly place: Place
}

/** A date or datetime. PyYAML makes Python objects of these, which no attribute can hold. */
export interface YamlDate {
  readonly kind: 'date'
  /** As Python's `str` shows it: `2020-01-01`, `2020-01-01 10:00:00`. */
  readonly value: string
  readonly source: string
  readonly place: Place
}

export interface YamlList {
  readonly kind: 'list'
  readonly items: readonly YamlNode[]
  readonly place: Place
}

export interface YamlMap {
  readonly kind: 'map'
  /** In the order of a Python dict: a repeated key keeps its first position and takes its last value. */
  readonly entries: ReadonlyMap<string, YamlEntry>
  readonly place: Place
}

export interface YamlEntry {
  readonly key: string
  readonly keyPlace: Place
  readonly value: YamlNode
}
