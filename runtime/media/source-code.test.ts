import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { InputFile } from '../contracts.ts'
import { bytesInput } from '../formats/input-file.ts'
import { extensionsOf } from './classify.ts'
import { defaultMediaLimits } from './media-limits.ts'
import { languageOf, readSourceCode } from './source-code.ts'
import { has } from './testing/installed.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-code-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const never = new AbortController().signal
const read = (content: string | Uint8Array) => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return readSourceCode(bytesInput('a.py', bytes, scratch), 'py', defaultMediaLimits, never)
}

/** A file that comes byte by byte. */
function inBytes(content: Uint8Array): InputFile {
  return {
    name: 'a.py',
    size: content.length,
    async *stream() {
      for (const byte of content) yield Uint8Array.of(byte)
    },
    localPath: () => Promise.reject(new Error('is not needed')),
  }
}

describe('source code', () => {
  it('has a language for every extension', () => {
    expect(extensionsOf.code.filter((extension) => languageOf(extension) === undefined)).toEqual([])
    expect(languageOf('constructor')).toBeUndefined()
  })

  it.each([
    ['', 0],
    ['a', 1],
    ['a\n', 1],
    ['a\nb', 2],
    ['a\r\nb\r\n', 2],
    ['a\rb\r', 2],
    ['\n\n\n', 3],
    ['a\n\rb', 3],
  ])('of %j has %i lines', async (text, lines) => expect((await read(text)).numLines).toBe(lines))

  it.each<[string, Buffer, string]>([
    ['plain', Buffer.from('abc'), 'utf-8'],
    ['UTF-8', Buffer.from('a€🎬'), 'utf-8'],
    ['UTF-8 with its mark', Buffer.from('\ufeffa'), 'utf-8-sig'],
    ['UTF-16', Buffer.from('\ufeffa\nb', 'utf16le'), 'utf-16-le'],
    ['UTF-16, the other way', Buffer.from('\ufeffa\nb', 'utf16le').swap16(), 'utf-16-be'],
    ['Latin-1', Buffer.from('caf\xe9 x', 'latin1'), 'latin-1'],
    ['half a character', Buffer.from('e282', 'hex'), 'latin-1'],
    ['a character that is too long', Buffer.from('c0af', 'hex'), 'latin-1'],
  ])('in %s is told as such, also in pieces', async (_, bytes, encoding) => {
    expect((await read(bytes)).encoding).toBe(encoding)
    const pieces = await readSourceCode(inBytes(bytes), 'py', defaultMediaLimits, never)
    expect(pieces.encoding).toBe(encoding)
    expect(pieces.numLines).toBe((await read(bytes)).numLines)
  })

  it('has a shebang where it begins with one', async () => {
    expect((await read('#!/usr/bin/env python3\n')).hasShebang).toBe(true)
    expect((await read('\ufeff#!/bin/sh')).hasShebang).toBe(true)
    expect((await read(' #!/bin/sh')).hasShebang).toBe(false)
  })
})

describe.skipIf(!has('python3'))('lines and encodings beside Python (python3)', () => {
  it('are those of universal newlines', async () => {
    for (const text of ['a\nb\r\nc\rd', 'x\r\n\r\n', '\r\n\r', 'ü\n€']) {
      const script = 'import sys; print(len(open(0, newline=None, encoding="utf-8").readlines()))'
      const lines = Number(execFileSync('python3', ['-c', script], { input: text, encoding: 'utf8' }))
      expect((await read(text)).numLines).toBe(lines)
    }
  })
})
