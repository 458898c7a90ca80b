import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { PipelineFacts } from '../contracts.ts'
import { ConfigError } from '../errors.ts'
import { facts } from '../plan/testing/sites.ts'
import type { ReadConfig } from './config-facts.ts'
import { formatProblems, problemReport } from './format-problems.ts'
import { checkRegistry, type LoadOptions, loadRegistry } from './load.ts'
import { type ProjectFiles, projectFiles } from './project-files.ts'

/** A project that is a list of files. */
function memoryFiles(texts: Readonly<Record<string, string>>): ProjectFiles {
  return {
    readText: (file) => (Object.hasOwn(texts, file) ? texts[file] : undefined),
    listFolder(folder) {
      const prefix = folder === '.' ? '' : `${folder.replace(/\/$/, '')}/`
      const below = Object.keys(texts).filter((file) => file.startsWith(prefix))
      const names = below.map((file) => file.slice(prefix.length).replace(/\/.*/, '/'))
      return names.length > 0 ? [...new Set(names)].sort() : undefined
    },
  }
}

const head = `pipelines_repo_name: ocean
account_id: "123456789012"
region: us-west-2
input_bucket_name: acme-input
output_bucket_name: acme-output
`
/** One pipeline `p` with a folder, a test and a configuration that is no tsdat one. */
const entry = (pipeline: string, site = '') => `${head}pipelines:
  - name: p
    type: Ingest
    trigger: S3
${pipeline.replace(/^(?=.)/gm, '    ')}    configs:
      x:
        input_bucket_path: raw/
        config_file_path: pipelines/p/pipeline.yaml
${site.replace(/^(?=.)/gm, '        ')}`
const project = {
  'pipelines/p/pipeline.yaml': 'classname: pipelines.p.load.Load\n',
  'pipelines/p/p.test.ts': '',
}

const check = (text: string, options: Partial<LoadOptions> = {}) =>
  checkRegistry({
    projectRoot: '/nowhere',
    files: memoryFiles({ ...project, 'pipelines_config.yml': text }),
    ...options,
  })
const siteOf = (text: string) => {
  const { registry, problems } = check(text)
  expect(formatProblems(problems)).toBe('no problems')
  return registry?.sites[0]
}
const told = (text: string, options?: Partial<LoadOptions>) =>
  check(text, options).problems.map(({ severity, path: at, message }) => `${severity} ${at}: ${message}`)

describe('checkRegistry', () => {
  it('shares a scan between shards on Batch, and says where the key changes nothing', () => {
    const scan = (keys: string) => entry(`input: prefix\nshards: 16\n${keys}`)
    expect(siteOf(scan('compute: Batch\n'))?.shards).toBe(16)
    const idle =
      'warning pipelines[0].shards: changes nothing here: it is for input: prefix with compute: Batch'
    expect(told(scan(''))).toEqual([idle])
    expect(told(entry('shards: 16\ncompute: Batch\n'))).toEqual([idle])
    expect(check(scan('')).registry?.sites[0]).not.toHaveProperty('shards')
    expect(siteOf(entry('input: prefix\nshards: 1\ncompute: Batch\n'))).not.toHaveProperty('shards')
    expect(told(entry('input: prefix\nshards: 10001\ncompute: Batch\n')).join()).toContain('10000')
  })

  it('normalises every setting, with the defaults of the design', () => {
    expect(siteOf(entry(''))).toEqual({
      key: 'p/x',
      pipeline: 'p',
      site: 'x',
      type: 'ingest',
      trigger: { kind: 's3', source: { bucket: 'input', prefix: 'raw/' } },
      input: 'objects',
      lookBackSeconds: 2_592_000,
      lagSeconds: 0,
      maxUnits: 24,
      compute: {
        kind: 'Lambda',
        memoryMB: 1024,
        timeoutSeconds: 120,
        scratchMB: 512,
        vcpus: 1,
        attempts: 3,
        spot: true,
        maxVcpus: 16,
      },
      outputs: [],
      uses: [],
      parameters: {},
      alerts: { emails: [] },
      configFile: 'pipelines/p/pipeline.yaml',
      facts: {
        ...facts,
        kind: 'custom',
        module: 'own',
        parameters: {},
        linkedFiles: ['pipelines/p/pipeline.yaml'],
        classnames: ['pipelines.p.load.Load'],
      },
      origin: { path: 'pipelines[0].configs.x', line: 11, column: 7 },
    })
  })

  it("lets a site's setting win over the pipeline's, that over defaults, and those over ours", () => {
    const text = entry('memory: 2 GB\ntimeout: 3 minutes\n', 'timeout: 4 minutes\n')
    const withDefaults = text.replace(
      'pipelines:\n',
      'defaults: {memory: 3 GB, timeout: 5 minutes, scratch: 1 GB, window: 1 day}\npipelines:\n',
    )
    expect(siteOf(withDefaults)?.compute).toMatchObject({
      memoryMB: 2048,
      timeoutSeconds: 240,
      scratchMB: 1024,
    })
  })

  it.each([
    ['raw', 'raw/'],
    ['./raw/', 'raw/'],
    ['/raw', 'raw/'],
    ['.//raw', 'raw/'],
    ['//raw', '/raw/'],
    ['""', ''],
    ['/', ''],
    ['./', ''],
    ['.', ''],
    ['a b/ü+%20', 'a b/ü+%20/'],
  ])('reads input_bucket_path %s as tsdat does: %j', (written, prefix) => {
    expect(siteOf(entry('').replace('raw/', written))?.trigger.source?.prefix).toBe(prefix)
  })

  it.each(['raw/*', 'raw?', '$'.concat('{aws:x}'), 'x'.repeat(901)])('refuses the prefix %s', (prefix) => {
    expect(told(entry('').replace('raw/', `'${prefix}'`))).toHaveLength(1)
  })

  it('reads a filter of names, without one where every name is meant', () => {
    const filesOf = (text: string) => siteOf(entry(text))?.trigger.files
    expect(filesOf('files: "**.csv"\nignore_case: true\n')).toEqual({ glob: '*.csv', ignoreCase: true })
    expect(filesOf('files: "**"\n')).toBeUndefined()
    expect(told(entry('files: ""\n'))).toEqual([
      'error pipelines[0].files: is empty: no name would start a run',
    ])
  })

  it('gives Batch the least memory that goes with its vCPUs', () => {
    expect(siteOf(entry('compute: Batch\nvcpus: 4\n'))?.compute).toMatchObject({
      kind: 'Batch',
      memoryMB: 8192,
    })
    expect(
      siteOf(
        entry('compute: Batch\nvcpus: 32\nmemory: 60 GB\n').replace(
          'region',
          'quotas: {fargate_spot_vcpus: 64}\nregion',
        ),
      )?.compute,
    ).toMatchObject({ maxVcpus: 32 })
  })

  it('keeps what is disabled out, with its key, whatever its configuration', () => {
    const text = entry('enabled: false\n').replace('pipeline.yaml', 'later.yaml')
    const { registry, problems } = check(text)
    expect(problems).toEqual([])
    expect(registry).toMatchObject({ sites: [], disabled: ['p/x'] })
  })

  it('reads each configuration once, and tells once of a wrong one that many sites share', () => {
    const read: string[] = []
    const configs: ReadConfig = {
      facts(file): PipelineFacts {
        read.push(file)
        throw new ConfigError([
          { severity: 'error', file, path: 'retriever', message: 'is wrong', line: 3, column: 1 },
        ])
      },
      load: () => {
        throw new Error('nobody asks')
      },
    }
    const text = `${entry('')}      y: {input_bucket_path: y/, config_file_path: pipelines/p/pipeline.yaml}\n`
    expect(told(text, { configs })).toEqual(['error retriever: is wrong'])
    expect(read).toEqual(['pipelines/p/pipeline.yaml'])
  })

  it('does not hide what is wrong with us', () => {
    const configs = {
      facts: () => {
        throw new TypeError('a defect')
      },
      load: () => {
        throw new TypeError('a defect')
      },
    }
    expect(() => check(entry(''), { configs })).toThrow(TypeError)
  })

  it('tells of a file that is not there', () => {
    expect(told('', { file: 'other.yml' })).toEqual(['error : there is no such file in /nowhere'])
    expect(
      told(entry(''), { projectRoot: '/x', files: memoryFiles({ 'pipelines_config.yml': entry('') }) }),
    ).toEqual([
      'error pipelines[0].name: there is no folder pipelines/p',
      'error pipelines[0].configs.x.config_file_path: there is no file pipelines/p/pipeline.yaml',
    ])
  })

  it('reads Pulumi.<stack>.yaml for prod, and for a preview Pulumi.dev.yaml where it has none of its own', () => {
    const files = memoryFiles({
      ...project,
      'pipelines_config.yml': entry(''),
      'Pulumi.yaml': 'name: sea\n',
      'Pulumi.prod.yaml': 'config: {sea:region: eu-west-1}\n',
      'Pulumi.dev.yaml': 'config: {sluice:region: eu-west-2}\n',
      'Pulumi.mine.yaml': '# nothing\n',
    })
    const regionOf = (stack: string) => checkRegistry({ projectRoot: '/x', files, stack }).registry?.region
    expect(['prod', 'feature-1', 'mine', '../x'].map(regionOf)).toEqual([
      'eu-west-1',
      'eu-west-2',
      'us-west-2',
      'eu-west-2',
    ])
  })

  it('reads the rules of branches', () => {
    const text = `branches:\n  stable: {stack: prod}\n  release-*: {schedules: true, expires_after: 3 days}\n${entry('')}`
    expect(check(text).registry?.branches).toEqual([
      { pattern: 'stable', stack: 'prod', schedules: true },
      { pattern: 'release-*', stack: 'preview', schedules: true, expiresAfterSeconds: 259_200 },
    ])
    expect(
      told(
        `branches: {a: {stack: prod}, b: {stack: prod}, c: {stack: prod, expires_after: 1 day}}\n${entry('')}`,
      ),
    ).toEqual([
      'error branches.b.stack: another branch is prod already',
      'error branches.c.stack: another branch is prod already',
      'error branches.c.expires_after: prod does not expire',
    ])
  })

  it('tells a mistake of defaults once, where it stands', () => {
    const text = `defaults: {timeout: 5m}\n${entry('')}      y: {input_bucket_path: y/, config_file_path: pipelines/p/pipeline.yaml}\n`
    expect(told(text)).toEqual([expect.stringMatching(/^error defaults\.timeout: "5m" is not a duration/)])
  })

  it('keeps every message on one line', () => {
    const { problems } = check(entry('schedule: "x\\ny\\u2028"\nfiles: "\\n*"\n'))
    for (const { message } of problems) expect(message).not.toMatch(/[\n\r\u2028]/)
    expect(problems.length).toBeGreaterThan(0)
  })

  it('says how many mistakes it did not look at', () => {
    const many = Array.from({ length: 700 }, (_, i) => `      s${i}: {bad_key: 1}\n`).join('')
    expect(
      told(`${entry('')}${many}`).some((line) => /error : \d+ more mistakes are not shown/.test(line)),
    ).toBe(true)
  })

  it('never throws, whatever the keys and values', () => {
    const key = fc.constantFrom(
      'name',
      'type',
      'trigger',
      'configs',
      'schedule',
      'output',
      'memory',
      'files',
      'uses',
      'enabled',
      'alerts',
      'constructor',
      'x',
      'input_bucket_path',
      'config_file_path',
      'parameters',
      'bucket',
      'prefix',
      'emails',
      'window',
      'compute',
      'vcpus',
    )
    const leaf = fc.oneof(
      fc.constantFrom(
        'Ingest',
        'VAP',
        'S3',
        'Cron',
        'Hourly',
        'cron(* * * * ? *)',
        '2 GB',
        '1 day',
        'p',
        '../x',
        'pipelines/p/pipeline.yaml',
        '',
        'output',
        'Batch',
      ),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.string(),
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 6 }),
      ),
    }))
    const top = fc.record(
      {
        pipelines: fc.array(fc.dictionary(key, value, { maxKeys: 8 }), { maxLength: 3 }),
        defaults: value,
        branches: value,
        alerts: value,
        redshift: value,
        quotas: value,
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(top, (document) => {
        const { registry, problems } = check(JSON.stringify({ ...parse(head), ...document }))
        expect(registry === undefined).toBe(problems.some(({ severity }) => severity === 'error'))
      }),
      { numRuns: 300 },
    )
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('loadRegistry', () => {
  it('gives the registry, or throws every error at once', () => {
    const files = (text: string) => ({
      projectRoot: '/x',
      files: memoryFiles({ ...project, 'pipelines_config.yml': text }),
    })
    expect(loadRegistry(files(entry(''))).sites).toHaveLength(1)
    const broken = entry('memory: 1\ntimeout: 1\nspot: true\n')
    expect(() => loadRegistry(files(broken))).toThrow(ConfigError)
    try {
      loadRegistry(files(broken))
    } catch (error) {
      // The idle `spot` is a warning, which stops nobody.
      expect((error as ConfigError).problems.map(({ path: at }) => at)).toEqual([
        'pipelines[0].memory',
        'pipelines[0].timeout',
      ])
    }
  })
})

describe('projectFiles', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'sluice-registry-'))
  afterAll(() => rmSync(root, { recursive: true }))
  mkdirSync(path.join(root, 'b/c'), { recursive: true })
  writeFileSync(path.join(root, 'a.txt'), 'text')
  writeFileSync(path.join(root, 'latin1.txt'), Buffer.from([0x61, 0xe9]))
  const files = projectFiles(root)

  it('reads files and lists folders, folders with a slash', () => {
    expect(files.readText('a.txt')).toBe('text')
    expect(files.listFolder('.')).toEqual(['a.txt', 'b/', 'latin1.txt'])
    expect(files.listFolder('b')).toEqual(['c/'])
    expect(files.readText('latin1.txt')).toBe('a\ufffd')
  })

  it('says undefined of what is missing or of another kind', () => {
    expect(files.readText('none')).toBeUndefined()
    expect(files.readText('b')).toBeUndefined()
    expect(files.readText('a.txt/x')).toBeUndefined()
    expect(files.readText('x'.repeat(5000))).toBeUndefined()
    expect(files.listFolder('none')).toBeUndefined()
    expect(files.listFolder('a.txt')).toBeUndefined()
  })
})

describe('formatProblems', () => {
  const problem = {
    severity: 'error' as const,
    file: 'f.yml',
    line: 2,
    column: 3,
    path: 'a.b',
    message: 'is wrong',
  }

  it('prints one line each, and counts them', () => {
    const warning = { severity: 'warning' as const, file: 'f.yml', path: '', message: 'is odd' }
    expect(formatProblems([problem, problem, warning])).toBe(
      'f.yml:2:3 a.b: is wrong\nf.yml:2:3 a.b: is wrong\nf.yml: warning: is odd\n2 errors, 1 warning',
    )
    expect(formatProblems(Array(250).fill(problem)).split('\n').slice(-2)).toEqual([
      'and 50 more',
      '250 errors',
    ])
    expect(formatProblems([])).toBe('no problems')
  })

  it('gives tools every part', () => {
    expect(problemReport([problem])).toEqual({
      ok: false,
      errors: 1,
      warnings: 0,
      notes: 0,
      problems: [problem],
    })
    expect(problemReport([])).toEqual({ ok: true, errors: 0, warnings: 0, notes: 0, problems: [] })
  })
})
