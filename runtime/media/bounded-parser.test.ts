import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { InputError } from '../errors.ts'
import { fileInput } from '../formats/input-file.ts'
import { parseBounded } from './bounded-parser.ts'
import { defaultMediaLimits } from './media-limits.ts'
import { hostileFiles } from './testing/hostile-files.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-parser-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const never = new AbortController().signal
const fixture = (name: string) => join(import.meta.dirname, 'testing/fixtures', name)
const tone = (signal = never) =>
  fileInput(fixture('tone.mp3')).then((file) => parseBounded('audio', file, defaultMediaLimits, signal))

/** One of the hostile files, written down. */
function hostile(name: string): string {
  const file = hostileFiles().find((candidate) => candidate.name === name)
  const path = join(scratch, name.replace('/', '-'))
  writeFileSync(path, file?.bytes() as Uint8Array)
  return path
}

describe('parsing in a process of its own', () => {
  it('gives the same for many files at one time', async () => {
    const found = await Promise.all(Array.from({ length: 50 }, () => tone()))
    expect(found).toEqual(found.map(() => expect.objectContaining({ codec: 'mp3', channels: 1 })))
  })

  it('outlives a file that takes too much memory', async () => {
    const bomb = await fileInput(hostile('document/bomb.pdf'))
    const error = await parseBounded('pdf', bomb, defaultMediaLimits, never).catch(
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(InputError)
    expect((error as Error).message).toMatch(/takes more than 256 MiB|bytes at once/)
    expect(await tone()).toMatchObject({ codec: 'mp3' })
  })

  it('is ended when its file is given up, and those that wait go on', async () => {
    const controller = new AbortController()
    const endless = parseBounded(
      'pdf',
      await fileInput(hostile('document/operators.pdf')),
      defaultMediaLimits,
      controller.signal,
    )
    const next = tone()
    setTimeout(() => controller.abort(new Error('enough')), 1500)
    await expect(endless).rejects.toThrow('enough')
    expect(await next).toMatchObject({ codec: 'mp3' })
  })

  it('is not begun for what is given up while it waits', async () => {
    const controller = new AbortController()
    const first = tone()
    const second = tone(controller.signal)
    controller.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    expect(await first).toMatchObject({ codec: 'mp3' })
  })
})

const program = `
import { fileInput } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../formats/input-file.ts')).href)}
import { parseBounded } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'bounded-parser.ts')).href)}
const limits = ${JSON.stringify(defaultMediaLimits)}
await parseBounded(process.argv[2], await fileInput(process.argv[3]), limits, new AbortController().signal)
process.send('done')
process.disconnect()
`

function start(task: string, file: string): ChildProcess {
  const path = join(scratch, `${task}.mts`)
  writeFileSync(path, program)
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  return fork(path, [task, file], {
    execArgv: ['--import', tsx],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

describe('the process that parses', () => {
  it('does not keep the one that started it', async () => {
    const parent = start('audio', fixture('tone.mp3'))
    const ended = once(parent, 'exit')
    await once(parent, 'message')
    const started = performance.now()
    expect(await ended).toEqual([0, null])
    expect(performance.now() - started).toBeLessThan(4000)
  })

  it.skipIf(!existsSync('/proc/self/task'))(
    'ends with the one that started it, whatever it is doing (/proc)',
    async () => {
      const parent = start('pdf', hostile('document/operators.pdf'))
      const children = () =>
        readdirSync(`/proc/${parent.pid}/task`).flatMap((task) =>
          readFileSync(`/proc/${parent.pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
        )
      await expect.poll(() => children().length, { timeout: 20_000 }).toBeGreaterThan(0)
      const parsers = children()
      await delay(1500)
      parent.kill('SIGKILL')
      await once(parent, 'exit')
      await expect
        .poll(() => parsers.filter((id) => existsSync(`/proc/${id}`)), { timeout: 5000 })
        .toEqual([])
    },
  )
})
