import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openState } from '../local/state.ts'
import { plannedRun, textOf } from '../run/testing/fixtures.ts'
import { putDemoInputs } from './demo-inputs.ts'

const projectRoot = mkdtempSync(path.join(os.tmpdir(), 'sluice-demo-inputs-'))
afterAll(() => rmSync(projectRoot, { recursive: true }))

function pipeline(name: string, demo: string | undefined) {
  mkdirSync(path.join(projectRoot, 'pipelines', name), { recursive: true })
  if (demo !== undefined) writeFileSync(path.join(projectRoot, 'pipelines', name, 'demo.ts'), demo)
  return plannedRun({
    key: `${name}/main`,
    pipeline: name,
    site: 'main',
    trigger: { kind: 's3', source: { bucket: 'input', prefix: `${name}/` } },
  })
}

describe('putDemoInputs', () => {
  it('puts what a pipeline has where it would arrive, and leaves out what misses a program', async () => {
    const inputs = "[{ site: 'main', name: 'a b.txt', content: 'hello' }]"
    const runs = [
      pipeline('plain', `export function demoInputs() { return ${inputs} }`),
      pipeline(
        'later',
        `export const needs = ['sh']\nexport async function demoInputs() { return ${inputs} }`,
      ),
      pipeline(
        'lacking',
        `export const needs = ['sh', 'no-such-program-7']\nexport function demoInputs() { throw new Error('was asked') }`,
      ),
      pipeline('without', undefined),
    ]
    const state = openState(path.join(projectRoot, '.sluice'))
    expect(await putDemoInputs(state, runs, projectRoot)).toEqual([
      { pipeline: 'lacking', missing: ['no-such-program-7'] },
    ])
    const bucket = state.bucket('input')
    const keys: string[] = []
    for await (const { key } of bucket.list('')) keys.push(key)
    expect(keys).toEqual(['later/a b.txt', 'plain/a b.txt'])
    expect(await textOf(bucket, 'plain/a b.txt')).toBe('hello')
  })

  it('shows what is wrong in a demo.ts', async () => {
    const state = openState(path.join(projectRoot, '.sluice'))
    await expect(
      putDemoInputs(state, [pipeline('broken', 'export const x = (')], projectRoot),
    ).rejects.toThrow(/pipelines\/broken\/demo\.ts/)
    await expect(
      putDemoInputs(state, [pipeline('other', 'export const x = 1')], projectRoot),
    ).rejects.toThrow(/demoInputs/)
  })
})
