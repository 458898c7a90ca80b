import { createHash } from 'node:crypto'
import type { ObjectInfo } from '../contracts.ts'
import { fileTypeOf } from './classify.ts'

export interface SequenceOptions {
  /** How many frames make a sequence. */
  readonly minLength: number
  /** How many digits a number must have to count frames. */
  readonly minPadding: number
}

export type ListedFile = Pick<ObjectInfo, 'key' | 'size' | 'etag' | 'lastModified'>

/** Numbered files of one folder without a gap: what has one row in the catalog. */
export interface FrameSequence {
  readonly kind: 'sequence'
  /** Such as `shows/spring/render_[0001-0100].png`. */
  readonly key: string
  readonly startFrame: number
  readonly endFrame: number
  /** In the order of their numbers. */
  readonly frames: readonly ListedFile[]
}

export type SingleFile = ListedFile & { readonly kind: 'file' }

/** Only these come in frames: a folder of numbered documents is a folder of documents. */
const sequenceTypes: ReadonlySet<string> = new Set(['image', 'cache'])

/** The largest number that the catalog's columns for frames hold. */
const largestFrame = 2_147_483_647

/**
 * Files that come in the order of their keys, with sequences in the place of their frames. Frames of one sequence are in
 * one folder, and their names differ in just one number, of at least `minPadding` digits and not preceded by `v` or
 * `v_`, which is a version; other numbers of that kind are the same in all. A sequence ends at a gap, and has at least
 * `minLength` frames. Held in memory is only what may still be joined: names with one beginning up to such a number.
 */
export async function* collapseSequences(
  files: AsyncIterable<ListedFile>,
  options: SequenceOptions,
): AsyncGenerator<SingleFile | FrameSequence> {
  /** Files that share what stands before their first number; each level's beginning is that of the next, too. */
  const levels: Level[] = []
  for await (const file of files) {
    for (let top = levels.at(-1); top && !file.key.startsWith(top.beginning); top = levels.at(-1)) {
      levels.pop()
      yield* collapseLevel(top, options)
    }
    const numbers = frameNumbersOf(file.key, options.minPadding)
    const [first] = numbers
    if (!first) {
      yield { kind: 'file', ...file }
      continue
    }
    const beginning = file.key.slice(0, first.at)
    let level = levels.at(-1)
    if (level?.beginning !== beginning) {
      level = { beginning, groups: new Map() }
      levels.push(level)
    }
    const skeleton = skeletonOf(file.key, numbers)
    const group = level.groups.get(skeleton)
    if (group) group.push(file)
    else level.groups.set(skeleton, [file])
  }
  for (let top = levels.pop(); top; top = levels.pop()) yield* collapseLevel(top, options)
}

interface Level {
  readonly beginning: string
  readonly groups: Map<string, ListedFile[]>
}

/** Digits of a key, and where they stand. */
interface DigitRun {
  readonly text: string
  readonly at: number
}

/** The numbers of a file's name that may count frames; none of a file that is no image and no cache. */
function frameNumbersOf(key: string, minPadding: number): DigitRun[] {
  if (!sequenceTypes.has(fileTypeOf(key))) return []
  const nameAt = key.lastIndexOf('/') + 1
  const stem = key.slice(nameAt, key.lastIndexOf('.'))
  return [...stem.matchAll(/\d+/g)]
    .filter(({ 0: text, index }) => {
      const isVersion = /v_?$/i.test(stem.slice(Math.max(0, index - 2), index))
      return text.length >= minPadding && Number(text) <= largestFrame && !isVersion
    })
    .map(({ 0: text, index }) => ({ text, at: nameAt + index }))
}

/** The key with NUL in the place of its frame numbers. */
function skeletonOf(key: string, numbers: readonly DigitRun[]): string {
  let text = ''
  let end = 0
  for (const number of numbers) {
    text += `${key.slice(end, number.at)}\0`
    end = number.at + number.text.length
  }
  return text + key.slice(end)
}

function* collapseLevel(level: Level, options: SequenceOptions): Generator<SingleFile | FrameSequence> {
  for (const group of level.groups.values()) yield* collapseGroup(group, options)
}

interface Frame {
  readonly file: ListedFile
  readonly number: DigitRun
}

function* collapseGroup(
  group: readonly ListedFile[],
  options: SequenceOptions,
): Generator<SingleFile | FrameSequence> {
  const frames = group.length < options.minLength ? undefined : framesOf(group, options)
  if (!frames) {
    for (const file of group) yield { kind: 'file', ...file }
    return
  }
  for (const run of runsOf(frames)) {
    if (run.length >= options.minLength) yield sequenceOf(run)
    else for (const { file } of run) yield { kind: 'file', ...file }
  }
}

/** The files with the one number in which they differ; `undefined` when there is not just one. */
function framesOf(group: readonly ListedFile[], { minPadding }: SequenceOptions): Frame[] | undefined {
  const numbers = group.map(({ key }) => frameNumbersOf(key, minPadding))
  const [first = []] = numbers
  const varying = first.flatMap(({ text }, i) => (numbers.some((of) => of[i]?.text !== text) ? [i] : []))
  const [position] = varying
  if (position === undefined || varying.length > 1) return undefined
  return group.map((file, i) => ({ file, number: numbers[i]?.[position] as DigitRun }))
}

/**
 * Frames without a gap between them, in their order. `01` and `001` are of two sequences; but `%03d` has 1000 after 999.
 */
function runsOf(frames: readonly Frame[]): Frame[][] {
  const sorted = frames.toSorted(
    ({ number: a }, { number: b }) => a.text.length - b.text.length || Number(a.text) - Number(b.text),
  )
  const runs: Frame[][] = []
  /** The run that would go on with a number. */
  const awaiting = new Map<string, Frame[]>()
  for (const frame of sorted) {
    const { text } = frame.number
    let run = awaiting.get(text)
    awaiting.delete(text)
    if (!run) {
      run = []
      runs.push(run)
    }
    run.push(frame)
    awaiting.set(String(Number(text) + 1).padStart(text.length, '0'), run)
  }
  return runs
}

function sequenceOf(run: readonly Frame[]): FrameSequence {
  const [first, last] = [run[0], run.at(-1)] as [Frame, Frame]
  const { file, number } = first
  const after = file.key.slice(number.at + number.text.length)
  return {
    kind: 'sequence',
    key: `${file.key.slice(0, number.at)}[${number.text}-${last.number.text}]${after}`,
    startFrame: Number(number.text),
    endFrame: Number(last.number.text),
    frames: run.map((frame) => frame.file),
  }
}

/** The frame that stands for a sequence: the one in the middle. */
export function middleFrame({ frames }: FrameSequence): ListedFile {
  return frames[Math.floor(frames.length / 2)] as ListedFile
}

/** What changes whenever a frame does. */
export function sequenceEtag({ frames }: FrameSequence): string {
  const hash = createHash('sha256')
  for (const { key, etag } of frames) hash.update(`${JSON.stringify([key, etag])}\n`)
  return `sequence-${hash.digest('hex').slice(0, 40)}`
}

/** Tells which keys are frames of the sequence that `key` stands for, and how all of them begin. */
export interface FrameMatcher {
  readonly beginning: string
  matches(key: string): boolean
}

/** `undefined` when `key` is no sequence's. */
export function frameMatcher(key: string): FrameMatcher | undefined {
  const match = /\[(\d+)-(\d+)\](?=[^/]*$)/.exec(key)
  const [, start, end] = match ?? []
  if (!match || start === undefined || end === undefined) return undefined
  const beginning = key.slice(0, match.index)
  const ending = key.slice(match.index + match[0].length)
  return {
    beginning,
    matches(frame) {
      if (!frame.startsWith(beginning) || !frame.endsWith(ending)) return false
      const text = frame.slice(beginning.length, frame.length - ending.length)
      const number = Number(text)
      return (
        /^\d+$/.test(text) && text.length >= start.length && number >= Number(start) && number <= Number(end)
      )
    },
  }
}
