import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, showProblem } from '../../errors.ts'
import { createConfigLoader } from './config-loader.ts'

const folder = path.join(import.meta.dirname, 'golden')

/** Every problem of a configuration, a line each, errors and other notes alike. */
function check(root: string): string {
  const loader = createConfigLoader({
    root,
    readText: (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined),
  })
  try {
    const { notes } = loader.load('pipeline.yaml')
    return ['it loads', ...notes.map((note) => `${note.severity}: ${showProblem(note)}`)].join('\n')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((problem) => `${problem.severity}: ${showProblem(problem)}`).join('\n')
  }
}

/** Each folder is a case; a folder without `expected.txt` gets one when this runs. */
describe('configurations and what is wrong with them', () => {
  const cases = readdirSync(folder)

  it.each(cases)('%s', async (name) => {
    const root = path.join(folder, name)
    await expect(`${check(root)}\n`).toMatchFileSnapshot(path.join(root, 'expected.txt'))
  })

  it('has the cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60)
  })
})
