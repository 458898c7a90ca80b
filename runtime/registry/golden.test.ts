import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatProblems } from './format-problems.ts'
import { checkRegistry } from './load.ts'
import { type ProjectFiles, projectFiles } from './project-files.ts'

/**
 * Each folder of `golden/` but `project` is a case: a registry, the files that it has beside those of `project`, and
 * what `sluice check` prints. A file `stack` names the stack to check for. `UPDATE_GOLDEN=1` writes the expected texts
 * anew: read every line of the difference, they are what users see.
 */
const golden = path.join(import.meta.dirname, 'golden')
const cases = readdirSync(golden).filter((name) => name !== 'project')

/** The case's files over those that all cases share. */
function filesOf(name: string): ProjectFiles {
  const own = projectFiles(path.join(golden, name))
  const shared = projectFiles(path.join(golden, 'project'))
  return {
    readText: (file) => own.readText(file) ?? shared.readText(file),
    listFolder(folder) {
      const lists = [own.listFolder(folder), shared.listFolder(folder)].filter((list) => list !== undefined)
      return lists.length > 0 ? [...new Set(lists.flat())].sort() : undefined
    },
  }
}

function check(name: string) {
  const files = filesOf(name)
  const stack = files.readText('stack')?.trim()
  return checkRegistry({ projectRoot: `golden/${name}`, files, ...(stack && { stack }) })
}

describe('sluice check of the golden registries', () => {
  it('has cases enough', () => {
    expect(cases.length).toBeGreaterThan(50)
  })

  it.each(cases)('%s', (name) => {
    const { problems } = check(name)
    const expected = path.join(golden, name, 'expected.txt')
    const found = `${formatProblems(problems)}\n`
    if (process.env.UPDATE_GOLDEN) writeFileSync(expected, found)
    expect(existsSync(expected), `${expected} is missing: run with UPDATE_GOLDEN=1 and read it`).toBe(true)
    expect(found).toBe(readFileSync(expected, 'utf8'))
  })

  it.each(cases.filter((name) => !/^(?:good|warn-|ten-)/.test(name)))(
    '%s is one mistake and one error',
    (name) => {
      const { registry, problems } = check(name)
      expect(problems.filter(({ severity }) => severity === 'error')).toHaveLength(1)
      expect(registry).toBeUndefined()
    },
  )

  it.each(cases.filter((name) => /^(?:good|warn-)/.test(name)))('%s loads', (name) => {
    expect(check(name).registry?.sites.length).toBeGreaterThan(0)
  })
})
