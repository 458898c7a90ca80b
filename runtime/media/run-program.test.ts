import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { findProgram, usualProgramFolders } from './find-program.ts'
import { isProgramMissing, ProgramError } from './program-error.ts'
import { runProgram } from './run-program.ts'
import { processesWith } from './testing/sample-video.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-run-program-'))
afterAll(() => rmSync(folder, { recursive: true }))

const sh = (script: string, options: Parameters<typeof runProgram>[2] = {}) =>
  runProgram('sh', ['-c', script], options)
const errorOf = async (run: Promise<unknown>): Promise<Error> => {
  const error = await run.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  )
  return error as Error
}

/** A number of seconds to sleep that no other process sleeps, to find it by. */
let marks = 1000 + (process.pid % 1000) * 100
const mark = () => String(++marks)

describe('runProgram', () => {
  it('gives what a program wrote, with its arguments as they are', async () => {
    const odd = ['-x', 'a b', "it's", '$HOME', '*', 'line\nend', 'ü']
    const { stdout } = await runProgram('printf', ['%s|', ...odd])
    expect(stdout.toString()).toBe(`${odd.join('|')}|`)
  })

  it('hands output over as it comes, instead of keeping it', async () => {
    const chunks: Buffer[] = []
    const { stdout } = await sh('head -c 3000000 /dev/zero', {
      onStdout: (chunk) => chunks.push(chunk),
      maxOutputBytes: 10,
    })
    expect([stdout.length, Buffer.concat(chunks).length]).toEqual([0, 3_000_000])
  })

  it('shows a program nothing of our environment but a PATH and a locale', async () => {
    const { stdout } = await runProgram('env', [], { env: { MORE: '1' }, searchPath: '/nowhere:relative' })
    const names = stdout.toString().trim().split('\n').sort()
    expect(names).toEqual(['LC_ALL=C.UTF-8', 'MORE=1', `PATH=/nowhere:${usualProgramFolders.join(':')}`])
  })

  it('gives it no standard input to wait for', async () => {
    expect((await runProgram('cat', [])).stdout.length).toBe(0)
  })

  it('names a program that is not installed, and how to install it', async () => {
    const error = await errorOf(runProgram('no-such-program-7', []))
    expect(isProgramMissing(error)).toBe(true)
    expect(error.message).toBe(
      'no-such-program-7 is not installed, or not where programs are looked for: apt install no-such-program-7 (Debian, Ubuntu) or brew install no-such-program-7 (macOS)',
    )
    expect(new ProgramError('ffprobe', { kind: 'missing' }).message).toContain('apt install ffmpeg')
  })

  it('takes a program of the search path before the usual ones', async () => {
    const own = path.join(folder, 'printf')
    writeFileSync(own, '#!/bin/sh\necho mine\n')
    expect(await findProgram('printf', folder)).not.toBe(own)
    chmodSync(own, 0o755)
    expect((await runProgram('printf', [], { searchPath: folder })).stdout.toString()).toBe('mine\n')
  })

  it('tells how it ended, with the last lines of what it said, and no control characters', async () => {
    const error = await errorOf(
      sh(
        'i=0; while [ $i -lt 3000 ]; do echo "line $i" >&2; i=$((i+1)); done; printf "\\033[31mred\\a\\n" >&2; exit 3',
      ),
    )
    expect(error).toBeInstanceOf(ProgramError)
    expect(error).toMatchObject({ program: 'sh', failure: { kind: 'exit', code: 3 } })
    expect(error.message.split('\n').slice(-3)).toEqual(['line 2998', 'line 2999', '[31mred'])
    expect(error.message.split('\n').length).toBeLessThan(12)
  })

  it('tells of a signal', async () => {
    expect(await errorOf(sh('kill -SEGV $$'))).toMatchObject({
      failure: { kind: 'signal', signal: 'SIGSEGV' },
    })
  })

  it('ends what writes too much', async () => {
    const error = await errorOf(runProgram('yes', [], { maxOutputBytes: 100_000 }))
    expect(error.message).toBe('yes wrote more than it may\nmore than 100000 bytes')
  })

  it('ends a program whose output is not wanted, with the reason', async () => {
    const onStdout = () => {
      throw new Error('enough')
    }
    expect((await errorOf(runProgram('yes', [], { onStdout }))).message).toBe('enough')
  })

  it('ends a program and all that it started when its time is up', async () => {
    const seconds = mark()
    const error = await errorOf(sh(`sleep ${seconds} & sleep ${seconds}`, { timeoutMs: 300 }))
    expect(error).toMatchObject({ tag: 'timeout', message: 'sh did not end within 0.3 seconds' })
    expect(processesWith(`sleep ${seconds}`)).toEqual([])
  })

  it('ends one that does not want to', async () => {
    const seconds = mark()
    const error = await errorOf(sh(`trap '' TERM; sleep ${seconds}; sleep ${seconds}`, { timeoutMs: 200 }))
    expect(error).toMatchObject({ tag: 'timeout' })
    expect(processesWith(`sleep ${seconds}`)).toEqual([])
  })

  it('waits for no child that it left behind with its output', async () => {
    const seconds = mark()
    await sh(`sleep ${seconds} & exit 0`, { timeoutMs: 20_000 })
    expect(processesWith(`sleep ${seconds}`)).toEqual([])
  })

  it('does not wait for what has left its group, either', async () => {
    const seconds = mark()
    const { stdout } = await sh(`setsid sleep ${seconds} & echo done`, { timeoutMs: 20_000 })
    expect(stdout.toString()).toBe('done\n')
    for (const line of processesWith(`sleep ${seconds}`)) process.kill(Number(line.trim().split(' ')[0]))
  })

  it('ends it on abort, for the reason given', async () => {
    const seconds = mark()
    const controller = new AbortController()
    const running = errorOf(runProgram('sleep', [seconds], { signal: controller.signal }))
    await sleep(200)
    expect(processesWith(`sleep ${seconds}`)).not.toEqual([])
    controller.abort(new Error('the machine goes away'))
    expect((await running).message).toBe('the machine goes away')
    expect(processesWith(`sleep ${seconds}`)).toEqual([])
    const before = runProgram('sleep', [seconds], { signal: AbortSignal.abort() })
    expect(await errorOf(before)).toMatchObject({ tag: 'aborted', message: 'sleep was told to stop' })
  })

  const isLinux = process.platform === 'linux'
  it.skipIf(!isLinux)(
    `ends with the process that started it, however that ends${isLinux ? '' : ' (needs Linux)'}`,
    async () => {
      const seconds = mark()
      const module = path.join(import.meta.dirname, 'run-program.ts')
      const script = `import(${JSON.stringify(module)}).then(({ runProgram }) => runProgram('sleep', ['${seconds}']))`
      const parent = spawn(process.execPath, ['--import', 'tsx', '--eval', script], { stdio: 'ignore' })
      const until = async (isWanted: (found: string[]) => boolean) => {
        for (
          let i = 0;
          i < 100 && !isWanted(processesWith(`sleep ${seconds}`).filter((p) => !p.includes('--eval')));
          i++
        )
          await sleep(100)
        return processesWith(`sleep ${seconds}`).filter((line) => !line.includes('--eval'))
      }
      expect(await until((found) => found.length > 0)).toHaveLength(1)
      parent.kill('SIGKILL')
      expect(await until((found) => found.length === 0)).toEqual([])
    },
  )
})
