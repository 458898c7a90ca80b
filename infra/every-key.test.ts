import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { allowedKeys } from '../runtime/registry/validate.ts'
import { image, sharedBase } from './testing/plans.ts'
import { copyEveryKey, copyProject, everyKeyRegistry, type ProjectCopy } from './testing/project-copy.ts'
import { recordProgram } from './testing/recording-engine.ts'

describe('a registry that uses every key', () => {
  let project: ProjectCopy
  beforeAll(() => {
    project = copyEveryKey()
  })
  afterAll(() => project.remove())

  it('leaves none of the schema’s keys out', () => {
    const keys = Object.values(allowedKeys).flat()
    expect(keys.length).toBeGreaterThan(80)
    const used = new Set<string>()
    JSON.stringify(parse(everyKeyRegistry), (key, value: unknown) => {
      used.add(key)
      return value
    })
    expect([...new Set(keys)].filter((key) => !used.has(key))).toEqual([])
  })

  it('is refused line by line where it is wrong, and makes nothing', async () => {
    const wrong = copyProject()
    wrong.write('pipelines_config.yml', everyKeyRegistry.replace('trigger: S3', 'trigger: S4'))
    const { exitCode, log, registrations } = await recordProgram({
      folder: wrong.folder,
      program: '.',
      project: 'ocean-pipelines',
      stack: 'prod',
    })
    wrong.remove()
    expect(exitCode).not.toBe(0)
    expect(log).toMatch(/pipelines_config\.yml:\d+:\d+ pipelines\[0\]\.trigger: "S4"/)
    expect(log).not.toContain('    at ')
    expect(registrations.filter(({ type }) => type.startsWith('aws:'))).toEqual([])
  }, 300_000)

  it.each(['prod', 'feature-x-9f5ebf15'])(
    'becomes the stack %s',
    async (stack) => {
      const { exitCode, log, registrations } = await recordProgram({
        folder: project.folder,
        program: '.',
        project: 'ocean-pipelines',
        stack,
        config: { 'sluice:image': image },
        stacks: { 'organization/sluice-base/us-west-2': { base: sharedBase } },
      })
      expect([exitCode, exitCode === 0 ? '' : log]).toEqual([0, ''])
      const types = new Set(registrations.map(({ type }) => type.split(':').at(-1)))
      for (const type of ['JobDefinition', 'JobQueue', 'Function', 'Schedule', 'EventRule', 'Invocation'])
        expect([...types]).toContain(type)
      expect(types.has('Distribution')).toBe(stack === 'prod')
      expect(registrations.filter(({ name }) => name.startsWith('lidar/morro'))).toEqual([])
    },
    300_000,
  )
})
