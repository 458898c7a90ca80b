import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fileTypeOf } from './classify.ts'
import { hostileFiles } from './testing/hostile-files.ts'
import type { FileReading, MemoryReading } from './testing/read-files.ts'

const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'sluice-hostile-'))
const scratch = mkdtempSync(join(tmpdir(), 'sluice-hostile-scratch-'))
// Below the project, so that packages are found from there.
const program = mkdtempSync(join(root, 'node_modules', '.sluice-hostile-'))
afterAll(() => {
  for (const made of [folder, scratch, program]) rmSync(made, { recursive: true })
})

const files = hostileFiles()
let readings: ReadonlyMap<string, FileReading>
let memory: MemoryReading

/** Reads the files in a process of its own, which is built as the command is. */
beforeAll(async () => {
  for (const { name, bytes } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), bytes())
  }
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  await build({
    entryPoints: [join(import.meta.dirname, 'testing/read-files.ts')],
    outdir: program,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: Object.keys(dependencies),
    outExtension: { '.js': '.mjs' },
    logLevel: 'error',
  })
  const { stdout } = await promisify(execFile)(process.execPath, [join(program, 'read-files.mjs'), folder], {
    env: { ...process.env, TMPDIR: scratch },
    maxBuffer: 64 * 2 ** 20,
    timeout: 280_000,
  })
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FileReading | MemoryReading)
  memory = lines.at(-1) as MemoryReading
  readings = new Map(lines.slice(0, -1).map((line) => [(line as FileReading).name, line as FileReading]))
  if (process.env.SLUICE_SHOW_HOSTILE) console.log(stdout)
}, 300_000)

describe('a folder of broken and hostile files', () => {
  it('has many, of every kind', () => {
    expect(files.length).toBeGreaterThanOrEqual(70)
    expect(new Set(files.map(({ name }) => fileTypeOf(name)))).toEqual(
      new Set(['image', 'video', 'blend', 'audio', 'code', 'spreadsheet', 'document', 'cache', 'unknown']),
    )
  })

  it('is the same every time', () => {
    const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
    const again = hostileFiles().filter(({ name }) => !name.includes('bomb'))
    for (const { name, bytes } of again)
      expect(digest(bytes())).toBe(digest(readFileSync(join(folder, name))))
  })

  it('is read to its end', () => {
    expect([...readings.keys()].toSorted()).toEqual(files.map(({ name }) => name).toSorted())
  })

  it.each(files.map((file) => [JSON.stringify(file.name).slice(1, 40), file] as const))(
    '%s',
    (_, { name, outcome }) => {
      const reading = readings.get(name) as FileReading
      const found = `${reading.outcome}: ${reading.detail}`
      if (outcome === 'row') expect(found).toMatch(/^row: /)
      else {
        expect(found).toMatch(/^problem: [^\n]+$/)
        expect(reading.detail).toMatch(outcome)
      }
    },
  )

  it('takes little time for each', () => {
    const slow = [...readings.values()].filter(({ milliseconds }) => milliseconds > 15_000)
    expect(slow).toEqual([])
  })

  it('takes less than 512 MB of memory', () => {
    expect(memory.maxResidentBytes).toBeLessThan(512 * 1024 * 1024)
  })

  it('leaves nothing behind', () => {
    expect(readdirSync(scratch)).toEqual([])
    const left = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    expect(left).toHaveLength(files.length)
  })
})
