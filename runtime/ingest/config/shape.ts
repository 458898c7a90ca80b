import type { Json, JsonObject } from '../../contracts.ts'

/**
 * What a value of the YAML may be. The checks (`read-shape.ts`) and the schemas for editors (`editor-schemas.ts`)
 * are both made from these, so that they cannot differ.
 */
export type Shape =
  | TextShape
  | NumberShape
  | BooleanShape
  | ChoiceShape
  | ExactShape
  | ListShape
  | MapShape
  | RecordShape
  | EitherShape
  | AnyShape

export interface TextShape {
  readonly type: 'text'
  /** Numbers are refused rather than turned into text. */
  readonly isStrict?: boolean
  readonly pattern?: RegExp
  /** What the text must be, in words: `2 or 3 lower-case letters and digits`. */
  readonly expected?: string
  /** Usual values, for editors and suggestions; others are allowed. */
  readonly examples?: readonly string[]
  /** What is wrong with a text, if anything, beyond the pattern. */
  readonly check?: (text: string) => string | undefined
}

export interface NumberShape {
  readonly type: 'number'
  readonly isInteger?: boolean
  readonly min?: number
  readonly max?: number
  /** Text that holds a number is accepted, as pydantic does. */
  readonly isLenient?: boolean
}

export interface BooleanShape {
  readonly type: 'boolean'
}

export interface ChoiceShape {
  readonly type: 'choice'
  readonly of: readonly string[]
  /** The value is given in the spelling of `of`. */
  readonly ignoresCase?: boolean
}

/** One value: null, false, a number. */
export interface ExactShape {
  readonly type: 'exact'
  readonly value: null | boolean | number
}

export interface ListShape {
  readonly type: 'list'
  readonly of: Shape
  readonly min?: number
  readonly max?: number
  readonly isUnique?: boolean
}

/** A map with keys of the user's own. */
export interface MapShape {
  readonly type: 'map'
  readonly of: Shape
}

export interface RecordShape {
  readonly type: 'record'
  readonly fields: Fields
}

/** The first that fits the kind of value found. */
export interface EitherShape {
  readonly type: 'either'
  readonly of: readonly Shape[]
}

/** Anything, or what other code checks. */
export interface AnyShape {
  readonly type: 'any'
  /** What editors are told. */
  readonly schema?: JsonObject
}

export interface Field {
  readonly shape: Shape
  readonly description: string
  readonly isRequired?: boolean
  /** Given when the key is absent. */
  readonly default?: Json
}

export type Fields = Readonly<Record<string, Field>>

export const text: TextShape = { type: 'text' }
export const strictText: TextShape = { type: 'text', isStrict: true }
export const filledText: TextShape = { type: 'text', pattern: /./s, expected: 'text that is not empty' }
export const character: TextShape = {
  type: 'text',
  isStrict: true,
  pattern: /^.$/su,
  expected: 'one character',
}
export const boolean: BooleanShape = { type: 'boolean' }
export const number: NumberShape = { type: 'number' }
export const lenientNumber: NumberShape = { type: 'number', isLenient: true }
export const integer: NumberShape = { type: 'number', isInteger: true }
export const count: NumberShape = { type: 'number', isInteger: true, min: 0 }
export const anything: AnyShape = { type: 'any' }
export const nothing: ExactShape = { type: 'exact', value: null }

export function choice(...of: string[]): ChoiceShape {
  return { type: 'choice', of }
}

export function listOf(of: Shape, limits: Omit<ListShape, 'type' | 'of'> = {}): ListShape {
  return { type: 'list', of, ...limits }
}

export function mapOf(of: Shape): MapShape {
  return { type: 'map', of }
}

export function record(fields: Fields): RecordShape {
  return { type: 'record', fields }
}

export function either(...of: Shape[]): EitherShape {
  return { type: 'either', of }
}
