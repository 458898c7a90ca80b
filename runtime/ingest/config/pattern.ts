import type { Place } from '../../errors.ts'
import { ConfigError } from '../../errors.ts'
import { caseVariants, isAsciiWordCharacter, isWordCharacter } from './pattern-characters.ts'
import type { Assertion, PatternNode } from './pattern-syntax.ts'
import { PatternSyntaxError, parsePattern } from './pattern-syntax.ts'

/** A Python regular expression as tsdat uses it: tested at the start of a text, not searched for, not to its end. */
export interface Pattern {
  readonly source: string
  /** @throws ConfigError when a pattern with back-references would take too long */
  test(text: string): boolean
}

/**
 * Compiles a Python regular expression (`re` of str patterns). Patterns are matched by a machine of our own instead
 * of JavaScript's, for two reasons: Python's meaning is kept where the two differ (`$`, `\d`, `\Z`, scoped flags,
 * groups that did not take part), and the time is bounded. No state is visited twice at the same character, so a test
 * takes at most (size of the pattern) × (length of the text) steps, however the pattern is nested; patterns with
 * back-references, which cannot be bounded so, are stopped after a fixed number of steps.
 * @throws ConfigError at `place` for a pattern that Python refuses, or whose syntax is not supported: possessive
 * quantifiers, atomic and conditional groups
 */
export function compilePattern(source: string, place?: Place): Pattern {
  try {
    return cachedPattern(source)
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error
    const problem = { ...(place ?? { file: 'pattern' }), severity: 'error', path: '' } as const
    throw new ConfigError([{ ...problem, message: describePatternError(source, error) }], { cause: error })
  }
}

/** What is wrong with a pattern, if anything: for the checks of configuration files. */
export function checkPattern(source: string): string | undefined {
  try {
    cachedPattern(source)
    return undefined
  } catch (error) {
    if (error instanceof PatternSyntaxError) return describePatternError(source, error)
    throw error
  }
}

function describePatternError(source: string, error: PatternSyntaxError): string {
  return `the regular expression ${JSON.stringify(source)} cannot be used: ${error.message} (at character ${error.position + 1})`
}

const longest = 2000
const mostInstructions = 10_000
const mostSteps = 5_000_000
const mostReferenceSteps = 200_000
const mostStates = 20_000_000
const cacheSize = 1000
const cache = new Map<string, Pattern>()

function cachedPattern(source: string): Pattern {
  const known = cache.get(source)
  if (known) return known
  if (source.length > longest)
    throw new PatternSyntaxError(`it is longer than ${longest} characters`, longest)
  const { node, hasReferences } = parsePattern(source)
  const program = compileProgram(node)
  const pattern: Pattern = {
    source,
    test: (text) => new Machine(source, text, hasReferences).run(program, 0, []) !== undefined,
  }
  if (cache.size >= cacheSize) cache.clear()
  cache.set(source, pattern)
  return pattern
}

type Instruction =
  | { readonly do: 'character'; readonly accepts: (code: number) => boolean }
  | { readonly do: 'assert'; readonly assertion: Assertion }
  | {
      readonly do: 'look'
      readonly program: Program
      readonly behind: number | undefined
      readonly isNegative: boolean
    }
  | { readonly do: 'save'; readonly slot: number }
  | { readonly do: 'reference'; readonly index: number; readonly ignoresCase: boolean }
  /** Tries `first`, then `second`. */
  | { readonly do: 'split'; first: number; second: number }
  | { readonly do: 'jump'; to: number }
  | { readonly do: 'accept' }

type Program = readonly Instruction[]

function compileProgram(node: PatternNode): Program {
  const program: Instruction[] = []
  emitNode(program, node)
  emit(program, { do: 'accept' })
  return program
}

function emit<T extends Instruction>(program: Instruction[], instruction: T): T {
  if (program.length >= mostInstructions) {
    throw new PatternSyntaxError('its repeats multiply to too large a pattern', 0)
  }
  program.push(instruction)
  return instruction
}

function emitNode(program: Instruction[], node: PatternNode): void {
  switch (node.type) {
    case 'empty':
      return
    case 'character':
      emit(program, { do: 'character', accepts: acceptsCharacter(node.code, node.ignoresCase) })
      return
    case 'set':
      emit(program, { do: 'character', accepts: node.accepts })
      return
    case 'sequence':
      for (const item of node.items) emitNode(program, item)
      return
    case 'choice':
      emitChoice(program, node.options)
      return
    case 'repeat':
      emitRepeat(program, node)
      return
    case 'group':
      emit(program, { do: 'save', slot: 2 * node.index })
      emitNode(program, node.item)
      emit(program, { do: 'save', slot: 2 * node.index + 1 })
      return
    case 'reference':
      emit(program, { do: 'reference', index: node.index, ignoresCase: node.ignoresCase })
      return
    case 'look': {
      const { behind, isNegative } = node
      emit(program, { do: 'look', program: compileProgram(node.item), behind, isNegative })
      return
    }
    case 'assertion':
      emit(program, { do: 'assert', assertion: node.assertion })
      return
  }
}

function emitChoice(program: Instruction[], options: readonly PatternNode[]): void {
  const jumps: { to: number }[] = []
  for (const option of options.slice(0, -1)) {
    const split = emit(program, { do: 'split', first: program.length + 1, second: 0 })
    emitNode(program, option)
    jumps.push(emit(program, { do: 'jump', to: 0 }))
    split.second = program.length
  }
  emitNode(program, options.at(-1)!)
  for (const jump of jumps) jump.to = program.length
}

function emitRepeat(program: Instruction[], node: Extract<PatternNode, { type: 'repeat' }>): void {
  for (let i = 0; i < node.min; i++) emitNode(program, node.item)
  if (node.max === Number.POSITIVE_INFINITY) {
    const start = program.length
    const leave = emitOptional(program, node.isLazy, () => {
      emitNode(program, node.item)
      emit(program, { do: 'jump', to: start })
    })
    leave()
    return
  }
  const leaves: (() => void)[] = []
  for (let i = node.min; i < node.max; i++) {
    leaves.push(emitOptional(program, node.isLazy, () => emitNode(program, node.item)))
  }
  for (const leave of leaves) leave()
}

/** Emits a choice between `emitItem` and going on; what is returned sets where to go on: at the next instruction. */
function emitOptional(program: Instruction[], isLazy: boolean, emitItem: () => void): () => void {
  const split = emit(program, { do: 'split', first: 0, second: 0 })
  const item = program.length
  emitItem()
  return () => {
    split.first = isLazy ? program.length : item
    split.second = isLazy ? item : program.length
  }
}

function acceptsCharacter(code: number, ignoresCase: boolean): (code: number) => boolean {
  if (!ignoresCase) return (found) => found === code
  const variants = new Set(caseVariants(code))
  return (found) => caseVariants(found).some((variant) => variants.has(variant))
}

/** Where each group began and ended; even slots are starts. */
type Captures = readonly (number | undefined)[]

interface State {
  readonly at: number
  readonly position: number
  readonly captures: Captures
}

/** Where a search has been; `add` says whether it had been there before. */
interface Visited {
  add(state: State, program: Program): boolean
}

/** Without back-references, what was captured makes no difference. */
class VisitedPositions implements Visited {
  readonly #seen: Uint8Array

  constructor(size: number) {
    this.#seen = new Uint8Array(size)
  }

  add({ at, position }: State, program: Program): boolean {
    const index = position * program.length + at
    const wasSeen = this.#seen[index] === 1
    this.#seen[index] = 1
    return wasSeen
  }
}

class VisitedStates implements Visited {
  readonly #seen = new Set<string>()

  add({ at, position, captures }: State): boolean {
    const count = this.#seen.size
    return this.#seen.add(`${at} ${position} ${captures.join()}`).size === count
  }
}

/** Depth-first search over the states of a program, in Python's order of preference, each visited once. */
class Machine {
  readonly #source: string
  readonly #codes: readonly number[]
  readonly #hasReferences: boolean
  #steps = 0

  constructor(source: string, text: string, hasReferences: boolean) {
    this.#source = source
    this.#codes = Array.from(text, (character) => character.codePointAt(0)!)
    this.#hasReferences = hasReferences
  }

  /** The captures of the first match that starts at `start`. */
  run(program: Program, start: number, captures: Captures): Captures | undefined {
    const visited: Visited = this.#hasReferences
      ? new VisitedStates()
      : new VisitedPositions(this.#stateCount(program))
    const stack: State[] = [{ at: 0, position: start, captures }]
    for (let next = stack.pop(); next; next = stack.pop()) {
      let state: State | undefined = next
      while (state) {
        this.#countStep()
        if (visited.add(state, program)) break
        const instruction: Instruction = program[state.at]!
        if (instruction.do === 'accept') return state.captures
        state = this.#follow(instruction, state, stack)
      }
    }
    return undefined
  }

  #countStep(): void {
    if (++this.#steps > (this.#hasReferences ? mostReferenceSteps : mostSteps)) this.#giveUp()
  }

  #stateCount(program: Program): number {
    const count = program.length * (this.#codes.length + 1)
    return count <= mostStates ? count : this.#giveUp()
  }

  #giveUp(): never {
    const message = `${JSON.stringify(this.#source)} takes too long to match ${this.#codes.length} characters`
    throw new ConfigError([{ file: 'pattern', severity: 'error', path: '', message }])
  }

  /** The state that comes next, if any; the second choice goes to `stack`. */
  #follow(
    instruction: Exclude<Instruction, { do: 'accept' }>,
    state: State,
    stack: State[],
  ): State | undefined {
    const { at, position, captures } = state
    switch (instruction.do) {
      case 'character': {
        const code = this.#codes[position]
        const isAccepted = code !== undefined && instruction.accepts(code)
        return isAccepted ? { at: at + 1, position: position + 1, captures } : undefined
      }
      case 'assert':
        return this.#holds(instruction.assertion, position) ? { at: at + 1, position, captures } : undefined
      case 'split':
        stack.push({ at: instruction.second, position, captures })
        return { at: instruction.first, position, captures }
      case 'jump':
        return { at: instruction.to, position, captures }
      case 'save':
        return {
          at: at + 1,
          position,
          captures: this.#hasReferences ? captured(captures, instruction.slot, position) : captures,
        }
      case 'look':
        return this.#look(instruction, state)
      case 'reference':
        return this.#repeatCapture(instruction, state)
    }
  }

  #look(instruction: Extract<Instruction, { do: 'look' }>, state: State): State | undefined {
    const { behind = 0 } = instruction
    const start = state.position - behind
    const found = start < 0 ? undefined : this.run(instruction.program, start, state.captures)
    const after = { ...state, at: state.at + 1 }
    if (instruction.isNegative) return found ? undefined : after
    return found && { ...after, captures: found }
  }

  #repeatCapture(
    { index, ignoresCase }: { index: number; ignoresCase: boolean },
    state: State,
  ): State | undefined {
    const start = state.captures[2 * index]
    const end = state.captures[2 * index + 1]
    // Unlike JavaScript's, a reference to a group that took no part fails.
    if (start === undefined || end === undefined) return undefined
    for (let i = 0; i < end - start; i++) {
      const found = this.#codes[state.position + i]
      if (found === undefined || !acceptsCharacter(this.#codes[start + i]!, ignoresCase)(found))
        return undefined
    }
    return { ...state, at: state.at + 1, position: state.position + end - start }
  }

  #holds(assertion: Assertion, position: number): boolean {
    const { length } = this.#codes
    switch (assertion) {
      case 'text-start':
        return position === 0
      case 'text-end':
        return position === length
      case 'last-line-end':
        return position === length || (position === length - 1 && this.#codes[position] === newline)
      case 'line-start':
        return position === 0 || this.#codes[position - 1] === newline
      case 'line-end':
        return position === length || this.#codes[position] === newline
      case 'boundary':
        return this.#isBoundary(position, isWordCharacter)
      case 'no-boundary':
        return length > 0 && !this.#isBoundary(position, isWordCharacter)
      case 'ascii-boundary':
        return this.#isBoundary(position, isAsciiWordCharacter)
      case 'no-ascii-boundary':
        return length > 0 && !this.#isBoundary(position, isAsciiWordCharacter)
    }
  }

  #isBoundary(position: number, isWord: (code: number) => boolean): boolean {
    const before = this.#codes[position - 1]
    const after = this.#codes[position]
    return (before !== undefined && isWord(before)) !== (after !== undefined && isWord(after))
  }
}

const newline = 10

function captured(captures: Captures, slot: number, position: number): Captures {
  const copy = [...captures]
  copy[slot] = position
  return copy
}
