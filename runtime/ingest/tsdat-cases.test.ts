import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AttrValue, Variable } from '../dataset/dataset.ts'
import { TextArray } from '../dataset/text-array.ts'
import { isSluiceError } from '../errors.ts'
import { fileInput } from '../formats/input-file.ts'
import { readNetcdf } from '../formats/netcdf.ts'
import { readBytes } from '../storage/body.ts'
import { MemoryObjectStore } from '../storage/memory.ts'
import { keysOf, loadConfiguration, runConfiguration, writeFiles } from './testing/run-configuration.ts'

interface Attr {
  type: string
  value: unknown
}
interface Output {
  text?: string
  dims?: Record<string, { size: number; unlimited?: boolean }>
  vars?: Record<string, { dtype: string; dims: string[]; raw: unknown; attrs: Record<string, Attr> }>
  attrs?: Record<string, Attr>
}
interface Step {
  pipeline: string
  inputs: string[]
  linked_files?: Record<string, string>
  outcome: 'ok' | 'error'
  outputs?: Record<string, Output>
}
interface Case {
  id: string
  covers: string
  files?: Record<string, string>
  binary_files_base64?: Record<string, string>
  steps: Step[]
}

const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url))
const { cases } = JSON.parse(readFileSync(join(fixtures, 'tsdat-cases.json'), 'utf8')) as { cases: Case[] }
const root = mkdtempSync(join(tmpdir(), 'tsdat-cases-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Runs a step as `run --config` does, in a store that lasts for the case; gives what it added, by path. */
async function runStep(
  folder: string,
  step: Step,
  store: MemoryObjectStore,
): Promise<Map<string, Uint8Array>> {
  writeFiles(folder, { ...step.linked_files, 'pipeline.yaml': step.pipeline })
  const result = await runConfiguration(folder, step.inputs, { store })
  const { storageRoot = 'storage/root' } = loadConfiguration(folder).storage
  const written = new Map<string, Uint8Array>()
  for (const { key } of result.outcome === 'succeeded' ? result.outputs : []) {
    const found = await store.get(key)
    written.set(join(storageRoot, key), await readBytes(found?.body ?? ''))
  }
  return written
}

/** A file as the cases describe one, read raw by our own reader; whether a dim is unlimited it does not say. */
async function describeNetcdf(path: string): Promise<Output> {
  const dataset = await readNetcdf(await fileInput(path), { decode_cf: false })
  return {
    dims: Object.fromEntries([...dataset.dims()].map(([name, size]) => [name, { size }])),
    vars: Object.fromEntries(
      [...dataset.variables()].map(([name, variable]) => [name, describeVariable(variable)]),
    ),
    attrs: describeAttrs(dataset.attrs),
  }
}

function describeVariable({ dtype, dims, data, attrs }: Variable) {
  const values = data instanceof TextArray ? [...data] : Array.from(data as ArrayLike<number | bigint>, plain)
  return {
    dtype: dtype === 'str' ? 'string' : dtype,
    dims: [...dims],
    raw: dims.length === 0 ? values[0] : values,
    attrs: describeAttrs(attrs),
  }
}

function describeAttrs(attrs: Iterable<readonly [string, AttrValue]>): Record<string, Attr> {
  return Object.fromEntries([...attrs].map(([name, value]) => [name, describeAttr(value)]))
}

function describeAttr(value: AttrValue): Attr {
  if (typeof value === 'string') return { type: 'string', value }
  if (typeof value === 'number') return { type: 'float64', value: plain(value) }
  if (typeof value === 'bigint') return { type: 'int64', value: plain(value) }
  if (!('dtype' in value)) return { type: 'string[]', value }
  const numbers = value.values.map(plain)
  return value.scalar
    ? { type: value.dtype, value: numbers[0] }
    : { type: `${value.dtype}[]`, value: numbers }
}

function plain(value: number | bigint): unknown {
  if (Number.isNaN(value)) return 'NaN'
  if (typeof value === 'number') return value
  return value > 2n ** 53n || value < -(2n ** 53n) ? String(value) : Number(value)
}

/** Numbers are compared to 5 digits, as the reference's own tests do; everything else exactly, `history` not. */
function expectSame(found: Output, wanted: Output): void {
  expect(Object.keys(found.vars ?? {}).sort()).toEqual(Object.keys(wanted.vars ?? {}).sort())
  for (const [name, variable] of Object.entries(wanted.vars ?? {})) {
    const own = found.vars?.[name]
    expect({ name, dtype: own?.dtype, dims: own?.dims }).toEqual({
      name,
      dtype: variable.dtype,
      dims: variable.dims,
    })
    expect(rounded(own?.raw), name).toEqual(rounded(variable.raw))
    expect(rounded(own?.attrs), name).toEqual(rounded(variable.attrs))
  }
  const { history: _, ...attrs } = found.attrs ?? {}
  expect(attrs).toEqual(wanted.attrs)
}

function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number(value.toPrecision(6))
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item)]))
}

function hasNetcdf4(): boolean {
  try {
    execFileSync('python3', ['-c', 'import netCDF4'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const withPython = hasNetcdf4()

/** Runs a case's steps; `check` is given every file that the reference wrote, and where ours is. */
async function runCase(
  one: Case,
  check: (path: string, wanted: Output) => Promise<void> | void,
): Promise<void> {
  const folder = mkdtempSync(join(root, 'case-'))
  writeFiles(folder, one.files ?? {})
  for (const [name, text] of Object.entries(one.binary_files_base64 ?? {})) {
    writeFiles(folder, { [name]: Buffer.from(text, 'base64') })
  }
  const store = new MemoryObjectStore()
  for (const step of one.steps) {
    if (step.outcome === 'error') {
      const before = await keysOf(store)
      const failure = await runStep(folder, step, store).catch((error: unknown) => error)
      expect(await keysOf(store)).toEqual(before)
      expect(isSluiceError(failure, 'input', 'quality', 'config'), String(failure)).toBe(true)
      expect((failure as Error).message).not.toContain('undefined')
      continue
    }
    const written = await runStep(folder, step, store)
    expect([...written.keys()].sort()).toEqual(Object.keys(step.outputs ?? {}).sort())
    for (const [path, wanted] of Object.entries(step.outputs ?? {})) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), written.get(path) as Uint8Array)
      await check(join(folder, path), wanted)
    }
  }
}

const withoutHistory = (text: string) => text.replaceAll(/^history,.*\n/gm, '')

describe('whole runs give what tsdat gives', () => {
  it.each(cases)('$id: $covers', async (one) => {
    await runCase(one, async (path, wanted) => {
      if (wanted.text === undefined) expectSame(await describeNetcdf(path), wanted)
      else expect(withoutHistory(readFileSync(path, 'utf8'))).toBe(wanted.text)
    })
  })
})

function writesNetcdf({ steps }: Case): boolean {
  return steps.some(
    ({ outcome, outputs }) => outcome === 'ok' && Object.values(outputs ?? {}).some(({ vars }) => vars),
  )
}

describe.skipIf(!withPython)("python's netCDF4 reads the same (needs python3 with netCDF4)", () => {
  const files: { id: string; path: string; wanted: Output }[] = []
  let outputs: Output[] = []
  beforeAll(async () => {
    for (const one of cases) {
      await runCase(one, (path, wanted) => {
        if (wanted.vars) files.push({ id: one.id, path, wanted })
      })
    }
    const script = join(fixtures, 'read-netcdf.py')
    const printed = execFileSync('python3', [script, ...files.map(({ path }) => path)], { encoding: 'utf8' })
    outputs = JSON.parse(printed) as Output[]
  })

  it.each(cases.filter(writesNetcdf))('$id', ({ id }) => {
    for (const [index, file] of files.entries()) {
      if (file.id !== id) continue
      const output = outputs[index] as Output
      expect(output.dims).toEqual(file.wanted.dims)
      expectSame(output, file.wanted)
    }
  })
})
