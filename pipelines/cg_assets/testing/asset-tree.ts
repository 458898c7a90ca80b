import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pdf, png, vdb, wav } from '../sample-files.ts'

export interface TreeFile {
  readonly key: string
  readonly content: Uint8Array | string
}

const digits = (value: number, width: number) => String(value).padStart(width, '0')

/** Of ten files, by their number's last digit: most of what a production keeps, and some frames of sequences. */
const kinds: readonly ((i: number) => TreeFile)[] = [
  (i) => ({
    key: `shows/harbour/shots/${digits(Math.floor(i / 400), 3)}/render/beauty_${digits(Math.floor(i / 10) % 40, 4)}.png`,
    content: png(16, 9, i),
  }),
  (i) => ({ key: `shows/harbour/textures/wood${i}_normal_v${digits(i % 7, 3)}.png`, content: png(8, 8, i) }),
  (i) => ({ key: `shows/tide/textures/rock${i}_rough.png`, content: png(8, 8, i, true) }),
  (i) => ({
    key: `shows/tide/sim/${digits(Math.floor(i / 300), 3)}/smoke_${digits(Math.floor(i / 10) % 30, 4)}.vdb`,
    content: vdb(i),
  }),
  (i) => ({ key: `tools/script_${i}.py`, content: `#!/usr/bin/env python3\nprint(${i})\n` }),
  (i) => ({ key: `docs/notes ${i}.txt`, content: `note ${i}\n`.repeat(1 + (i % 9)) }),
  (i) => ({ key: `docs/sheet${i}.csv`, content: `shot,frames\n${i},${i * 2}\n` }),
  (i) => ({ key: `sound/take${i}.wav`, content: wav(80 + (i % 100)) }),
  (i) =>
    i % 100 === 8
      ? { key: `docs/brief${i}.pdf`, content: pdf(1 + (i % 3)) }
      : { key: `misc/${i}.bin`, content: `${i}` },
  (i) => ({ key: `tools/shader_${i}.glsl`, content: `void main() {}\n// ${i}\n` }),
]

/** `count` small files, the same ones each time; one of 997 is broken. */
export function* assetTree(count: number): Generator<TreeFile> {
  for (let i = 0; i < count; i++) {
    const file = (kinds[i % 10] as (typeof kinds)[number])(i)
    yield i % 997 === 11 ? { key: file.key, content: 'this is not what its name says' } : file
  }
}

/** Writes files to a folder, all of one time. */
export function writeTree(
  folder: string,
  files: Iterable<TreeFile>,
  time = new Date('2026-03-01T00:00:00Z'),
): void {
  const made = new Set<string>()
  for (const { key, content } of files) {
    const file = path.join(folder, key)
    const parent = path.dirname(file)
    if (!made.has(parent)) mkdirSync(parent, { recursive: true })
    made.add(parent)
    writeFileSync(file, content)
    utimesSync(file, time, time)
  }
}

/** A file of `runtime/media`'s fixtures, made by the real programs. */
export function mediaFixture(name: string): Uint8Array {
  return readFileSync(path.resolve(import.meta.dirname, '../../../runtime/media/testing/fixtures', name))
}
