import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { registerPipeline } from './register-pipeline.ts'

const entry = ['name: new', 'type: VAP', 'configs:', '  main:', '    config_file_path: x.yaml']
const add = (text: string) => registerPipeline(text, entry, 'r.yml')
const added = { name: 'new', type: 'VAP', configs: { main: { config_file_path: 'x.yaml' } } }

describe('a new entry in a registry', () => {
  it('stands at the end of the list, and nothing else changes', () => {
    const text = `# ours\nregion:   us-west-2   # west\npipelines:\n\n  - name: a   # first\n    configs: {x: {y: z}}\n\n  - name: b\n    configs: {}\n  # the end\nquotas: {roles: 5}\n`
    expect(add(text)).toBe(
      text.replace(
        '    configs: {}\n',
        '    configs: {}\n\n  - name: new\n    type: VAP\n    configs:\n      main:\n        config_file_path: x.yaml\n',
      ),
    )
  })

  it('is indented as the others are, apart from them if they are, with their line ends', () => {
    expect(add('pipelines:\n- name: a\n- name: b')).toBe(
      'pipelines:\n- name: a\n- name: b\n- name: new\n  type: VAP\n  configs:\n    main:\n      config_file_path: x.yaml\n',
    )
    const crlf = add('pipelines:\r\n    - name: a\r\n\r\n    - name: b\r\nz: 1\r\n')
    expect(crlf).toContain('    - name: b\r\n\r\n    - name: new\r\n      type: VAP\r\n')
    expect(crlf.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  })

  it('is the first of an empty list', () => {
    expect(parse(add('a: 1\npipelines: []  # none yet\nb: 2\n'))).toEqual({ a: 1, pipelines: [added], b: 2 })
    expect(add('pipelines: []')).toMatch(/^pipelines:\n {2}- name: new\n/)
  })

  it.each([
    ['pipelines: [{name: a}]\n', 'written in brackets'],
    ['pipelines:\n', 'no list of pipelines'],
    ['- 1\n', 'no list of pipelines'],
    ['pipelines: [\n', 'no list of pipelines'],
  ])('is refused for %j', (text, message) => {
    expect(() => add(text)).toThrow(message)
  })

  it('never changes what is there, whatever the layout', () => {
    const piece = fc.constantFrom(
      '  - name: a\n',
      '  -\n    name: b\n',
      '\n',
      '  # note\n',
      '  - {name: c}\n',
      '  - name: d # x\n    t: |\n      text\n\n',
    )
    const parts = fc.tuple(
      fc.array(piece, { maxLength: 6 }),
      fc.constantFrom('', 'z: 1\n', '# end', '\n\nz: [1]\n'),
    )
    fc.assert(
      fc.property(parts, ([pieces, end]) => {
        const text = `pipelines:\n  - name: first\n${pieces.join('')}${end}`
        const before = parse(text) as { pipelines: unknown[] }
        expect(parse(add(text))).toEqual({ ...before, pipelines: [...before.pipelines, added] })
        for (const line of text.split('\n')) expect(add(text).split('\n')).toContain(line)
      }),
    )
  })
})
