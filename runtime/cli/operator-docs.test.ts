import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventOf } from '../entry/job-event.ts'
import { parseRunEvent } from '../entry/run-event.ts'
import { planRuns } from '../plan/plan.ts'
import { loadRegistry } from '../registry/load.ts'
import { DeployedTestStack } from './testing/deployed-stack.ts'

const root = path.resolve(import.meta.dirname, '../..')
const page = (name: string) => readFileSync(path.join(root, 'docs', name), 'utf8')

/** All of our code as one text, with string literals joined as they are when it runs. */
function sourceText(): string {
  const texts = ['runtime', 'infra'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /(?:\.ts|\.mjs)$/.test(name) && !/node_modules|\.test\.ts$|testing\//.test(name))
      .map((name) => readFileSync(path.join(root, folder, name), 'utf8')),
  )
  return texts
    .join('\n')
    .replace(/\\(['"`])/g, '$1')
    .replace(/['"`]\s*\+\s*['"`]/g, '')
}

describe.each(['troubleshooting.md', 'teardown.md'])('what docs/%s quotes', (name) => {
  const quotes = [...page(name).matchAll(/^ *(?:- )?> (.+)$/gm)].map(([, quote]) => quote as string)
  const source = sourceText()

  it.each(quotes)('%s', (quote) => {
    const parts = quote.split('…').map((part) => part.trim())
    const told = parts.filter((part) => part.length > 3)
    expect(told.length).toBeGreaterThan(0)
    for (const part of told) expect(source).toContain(part)
  })

  it('is something', () => {
    expect(quotes.length).toBeGreaterThan(name === 'teardown.md' ? 1 : 30)
  })
})

describe('what docs/troubleshooting.md sends to AWS to run again', () => {
  const text = page('troubleshooting.md')
  const { runs, names, buckets } = planRuns(loadRegistry({ projectRoot: root, stack: 'prod' }), {
    stack: 'prod',
  })

  it('is read by the function as work to be done again', () => {
    const [, name, payload] = text.match(/--function-name (\S+)[^']*'(.*)'/) ?? []
    const run = runs.find(({ names }) => names.function === name)
    expect(run?.compute.kind).toBe('Lambda')
    if (!run) return
    expect(parseRunEvent(JSON.parse(payload as string), run, buckets)).toMatchObject({
      kind: 'work',
      replay: true,
      work: [{ kind: 'window' }],
    })
  })

  it('is read by the job as work to be done again', () => {
    const [, queue, name, overrides] = text.match(/--job-queue (\S+) --job-definition (\S+)[^']*'(.*)'/) ?? []
    expect(queue).toBe(names.jobQueue)
    const run = runs.find(({ names }) => names.jobDefinition === name)
    expect(run?.compute.kind).toBe('Batch')
    if (!run) return
    const { environment } = JSON.parse(overrides as string) as {
      environment: { name: string; value: string }[]
    }
    const event = eventOf(Object.fromEntries(environment.map(({ name, value }) => [name, value])))
    expect(parseRunEvent(event, run, buckets)).toMatchObject({
      kind: 'work',
      replay: true,
      work: [{ kind: 'objects' }],
    })
  })
})

describe('commands of the pages for operators', () => {
  const commands = ['troubleshooting.md', 'teardown.md', 'catalog.md'].flatMap((name) =>
    [...page(name).matchAll(/(?:npx |^|`)sluice ([a-z][^`\n#…<]*)(?=[`\n#]|$)/gm)].map(([, command]) =>
      (command as string).trim().replace(/ {2,}\S.*$/, ''),
    ),
  )
  const runnable = [...new Set(commands)].filter(
    (command) => !/FILE|NAME|email=|^catalog$|-show$/.test(command) && !/^demo|^dev|^run$/.test(command),
  )
  const stacks: DeployedTestStack[] = []
  beforeAll(async () => {
    stacks.push(await DeployedTestStack.start('prod'), await DeployedTestStack.start('feature-x-1234abcd'))
  })
  afterAll(async () => {
    for (const stack of stacks) await stack.close()
  })

  it.each(runnable)('sluice %s', async (command) => {
    const stack = stacks[command.includes('feature-x') ? 1 : 0] as DeployedTestStack
    const args = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
    const { code, stderr } = await stack.box.sluice(...args)
    expect(stderr).not.toMatch(/^error: |--debug/m)
    expect([0, 1]).toContain(code)
  })

  it('are those that the pages are about', () => {
    for (const word of ['doctor', 'destroy', 'catalog', 'check', 'plan', 'stack']) {
      expect(runnable.some((command) => command.startsWith(word))).toBe(true)
    }
  })
})
