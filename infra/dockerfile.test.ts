import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { scratchPath } from './components/batch-run.ts'

const root = path.resolve(import.meta.dirname, '..')

interface Instruction {
  readonly name: string
  readonly text: string
}

/** The instructions of each stage, with continued lines joined. */
function stages(dockerfile: string): Instruction[][] {
  const lines = dockerfile
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const found: Instruction[][] = []
  for (const line of lines) {
    const [, name, text] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    if (name === undefined || text === undefined) throw new TypeError(`not an instruction: ${line}`)
    if (name === 'FROM') found.push([])
    found.at(-1)?.push({ name, text })
  }
  return found
}

describe('the Dockerfile', () => {
  const [build = [], image = []] = stages(readFileSync(path.join(root, 'Dockerfile'), 'utf8'))
  const textsOf = (stage: readonly Instruction[], name: string) =>
    stage.filter((instruction) => instruction.name === name).map(({ text }) => text)

  it('builds and runs on Node 24 on Debian, which has ffmpeg', () => {
    const bases = [...textsOf(build, 'FROM'), ...textsOf(image, 'FROM')]
    expect(bases.map((text) => text.replace(/ AS .*/, ''))).toEqual([
      'node:24-trixie-slim',
      'node:24-trixie-slim',
    ])
    expect(textsOf(image, 'RUN').join()).toMatch(/apt-get install -y --no-install-recommends ffmpeg /)
  })

  it('runs as a user by number who is not root, and owns nothing but the scratch space', () => {
    expect(textsOf(image, 'USER')).toEqual(['1000:1000'])
    expect(textsOf(image, 'RUN').join()).toContain(`install -d -o node -g node -m 0700 ${scratchPath}`)
    expect(textsOf(image, 'VOLUME')).toEqual([scratchPath])
    expect(textsOf(image, 'ENV').join()).toContain(`TMPDIR=${scratchPath}`)
    for (const copied of textsOf(image, 'COPY')) expect(copied).toContain('--chown=root:root')
  })

  it('copies and starts what is there', () => {
    const sources = textsOf(build, 'COPY').flatMap((text) => text.split(/\s+/).slice(0, -1))
    expect(sources.length).toBeGreaterThan(3)
    for (const source of sources) expect(existsSync(path.join(root, source)), source).toBe(true)
    const [, script] = / (infra\/[\w-]+\.ts) /.exec(textsOf(build, 'RUN').join()) ?? []
    expect(existsSync(path.join(root, script ?? 'none'))).toBe(true)
    expect(JSON.parse(textsOf(image, 'ENTRYPOINT')[0] ?? '')).toEqual(['node', 'index.mjs'])
  })
})
