import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')

/** Who may import whom: for each part, what of the project it may import besides itself, and which packages. */
interface Rule {
  readonly parts: readonly string[]
  /** `undefined`: any but those of `neverPackages`. Node's own modules are packages too. */
  readonly packages?: readonly string[]
  readonly neverPackages?: RegExp
}

const infrastructure = /^@pulumi\//
const foundation = ['runtime/contracts', 'runtime/errors']
const science = ['runtime/dataset', 'runtime/formats', 'runtime/ingest', 'runtime/media', 'runtime/tables']
/** Downwards: each of these may import those before it. */
const below = (part: string) => science.slice(0, science.indexOf(part))

const rules: Record<string, Rule> = {
  'runtime/contracts': { parts: [], packages: [] },
  'runtime/errors': { parts: [], packages: [] },
  'runtime/log': { parts: foundation, packages: [] },
  'runtime/ingest/config': {
    parts: [...foundation, 'runtime/dataset/dtype'],
    packages: ['yaml', 'node:path'],
  },
  'runtime/tables/config': { parts: [...foundation, 'runtime/ingest/config'], packages: ['yaml'] },
  'runtime/registry': {
    parts: [...foundation, 'runtime/ingest/config', 'runtime/tables/config', 'runtime/plan'],
    packages: ['yaml', 'ajv', 'node:path', 'node:fs', 'node:module'],
  },
  'runtime/plan': { parts: foundation, packages: ['node:crypto'] },
  'runtime/run': {
    parts: [...foundation, 'runtime/log', 'runtime/plan/windows'],
    neverPackages: infrastructure,
  },
  'runtime/storage': { parts: foundation, neverPackages: infrastructure },
  'runtime/catalog': { parts: foundation, neverPackages: infrastructure },
  ...Object.fromEntries(
    science.map((part): [string, Rule] => [
      part,
      { parts: [...foundation, ...below(part)], neverPackages: /^(?:@pulumi|@aws-sdk|@smithy)\// },
    ]),
  ),
  ...Object.fromEntries(
    ['runtime/entry', 'runtime/local', 'runtime/cli', 'runtime/aws'].map((part): [string, Rule] => [
      part,
      { parts: ['runtime'], neverPackages: infrastructure },
    ]),
  ),
  ...Object.fromEntries(
    ['runtime/modules', 'runtime/own-module', 'runtime/due-work', 'runtime/project-text'].map(
      (part): [string, Rule] => [part, { parts: ['runtime'], neverPackages: /^@/ }],
    ),
  ),
  'runtime/index': { parts: ['runtime'], neverPackages: /^@/ },
  infra: { parts: [...foundation, 'runtime/registry', 'runtime/plan'] },
  shared: { parts: ['runtime/index'], neverPackages: /^@(?:pulumi|aws-sdk|smithy)\// },
  pipelines: { parts: ['runtime/index', 'shared'], neverPackages: /^@(?:pulumi|aws-sdk|smithy)\// },
  console: { parts: ['runtime/contracts'] },
}

/** Code that only tests load may also use the parts that they test with. */
const isTest = (file: string) => /\.test\.ts$|\/conformance\.ts$|-oracles\.ts$|\/testing\//.test(file)

function sources(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split(path.sep).join('/')}`)
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules') && !name.includes('/golden/'))
}

function imports(text: string): string[] {
  const found = text.matchAll(
    /(?:^|[;\n])\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s*['"]([^'"]+)['"]/g,
  )
  return [...found].map((match) => (match[1] ?? match[2] ?? match[3]) as string)
}

const isWithin = (file: string, part: string) =>
  file === `${part}.ts` || file === part || file.startsWith(`${part}/`)

/** The rule of the innermost part that `file` belongs to. */
function ruleOf(file: string): [string, Rule] | undefined {
  return Object.entries(rules)
    .filter(([part]) => isWithin(file, part))
    .sort(([a], [b]) => b.length - a.length)[0]
}

function problemsOf(file: string): string[] {
  const owner = ruleOf(file)
  if (!owner) return [`${file} belongs to no part of the layout`]
  const [part, rule] = owner
  const own = part === 'pipelines' ? file.split('/').slice(0, 2).join('/') : part
  return imports(readFileSync(path.join(root, file), 'utf8')).flatMap((name) => {
    if (name.startsWith('.')) {
      const target = path.posix.join(path.posix.dirname(file), name)
      const isAllowed = isWithin(target, own) || rule.parts.some((allowed) => isWithin(target, allowed))
      return isAllowed ? [] : [`${file} imports ${target}`]
    }
    const isAllowed = rule.packages
      ? rule.packages.some((p) => name === p || name.startsWith(`${p}/`))
      : !rule.neverPackages?.test(name)
    return isAllowed ? [] : [`${file} imports ${name}`]
  })
}

const folders = ['runtime', 'pipelines', 'shared', 'infra', 'console'].filter((folder) =>
  readdirSync(root).includes(folder),
)

describe('who may import whom', () => {
  const files = folders.flatMap(sources).filter((file) => !isTest(file))

  it('holds for every source file', () => {
    expect(files.length).toBeGreaterThan(10)
    expect(files.flatMap(problemsOf)).toEqual([])
  })

  it('sees what it must refuse', () => {
    expect(
      imports(
        "import type { A } from './a.ts'\nexport { b } from \"b\"\nconst c = await import('c')\nimport 'd'",
      ),
    ).toEqual(['./a.ts', 'b', 'c', 'd'])
    expect(ruleOf('runtime/ingest/config/load.ts')?.[0]).toBe('runtime/ingest/config')
  })

  it('keeps clocks, randomness, environment and exits in entry/, local/ and cli/', () => {
    const impure =
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\brandom(?:UUID|Bytes)\(|\bprocess\.(?:env|exit|cwd)\b/
    const offenders = files
      .filter((file) => !/^(?:runtime\/(?:entry|local|cli)|infra|console)\//.test(file))
      .filter((file) => file !== 'runtime/registry/generate.ts')
      .filter((file) =>
        impure.test(readFileSync(path.join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')),
      )
    expect(offenders).toEqual([])
  })
})
