import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { InputFile } from '../contracts.ts'
import { readTableLoad } from './config/read-table-load.ts'
import { Rejections } from './rejections.ts'
import { csvRows, type PassCounts } from './table-rows.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-rows-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A file whose text arrives in pieces of these sizes, over and over. */
function inPieces(bytes: Buffer, sizes: readonly number[]): InputFile {
  return {
    name: 'rows.csv',
    size: bytes.length,
    async *stream() {
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length] as number
        yield bytes.subarray(at, at + size)
        at += size
      }
    },
    localPath: () => Promise.reject(new Error('not needed')),
  }
}

async function rowsOf(config: string, text: string, sizes: readonly number[], withLines = false) {
  const load = readTableLoad(config, 'p.yaml')
  const rejections = new Rejections(path.join(folder, 'rejected'))
  const counts: PassCounts = { rows: 0, bytes: 0 }
  const chunks: Uint8Array[] = []
  const { signal } = new AbortController()
  const inputs = [inPieces(Buffer.from(text), sizes)]
  for await (const chunk of csvRows({ load, inputs, rejections, counts, withLines, signal }))
    chunks.push(chunk)
  return { csv: Buffer.concat(chunks).toString(), rejected: rejections.first, counts }
}

const configOf = (more = '') => `classname: sluice.TableLoad
table: t
columns: [{name: a, type: text}, {name: b, type: varchar(9)}, {name: c, type: integer}]
mode: append
${more}`

const cell = fc.string({
  unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', ' ', ';', '\\.', '😀'),
  maxLength: 6,
})
const row = fc.tuple(cell, cell, fc.integer({ min: -9999, max: 9999 }))
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

describe('csvRows', () => {
  it('gives what csv-parse reads, however the text is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 20 }),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom(',', ';', '\t'),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (rows, lineEnd, delimiter, sizes, hasEnd) => {
          const fits = rows.map(([a, b, c]) => [a, Array.from(b).slice(0, 9).join(''), String(c)])
          const show = (text: string) =>
            /["\r\n]/.test(text) || text.includes(delimiter) || text === '' ? quoted(text) : text
          const text =
            fits.map((fields) => fields.map(show).join(delimiter)).join(lineEnd) + (hasEnd ? lineEnd : '')
          const config = configOf(`delimiter: ${JSON.stringify(delimiter)}`)
          const { csv, rejected, counts } = await rowsOf(config, text, sizes)
          expect(rejected).toEqual([])
          expect(counts.rows).toBe(fits.length)
          expect(parse(csv, { relax_quotes: false })).toEqual(fits)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('never fails on any text but with a place, and counts every row', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('a', '1', ',', '"', '\n', '\r', 'é', '\0'), maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
        async (text, sizes) => {
          const whole = await rowsOf(configOf('rejected: {max: 1000}'), text, [1_000_000]).catch(
            (error: Error) => error.message,
          )
          const pieces = await rowsOf(configOf('rejected: {max: 1000}'), text, sizes).catch(
            (error: Error) => error.message,
          )
          expect(pieces).toEqual(whole)
          if (typeof whole === 'string') expect(whole).toMatch(/^rows\.csv:\d+: a quote opens/)
          else
            expect(parse(whole.csv, { columns: false })).toHaveLength(
              whole.counts.rows - whole.rejected.length,
            )
        },
      ),
      { numRuns: 500 },
    )
  })

  it('puts the line of each row before it', async () => {
    const { csv } = await rowsOf(configOf(), 'x,y,1\n\n"a\nb",y,2\r\nz,y,3', [3], true)
    expect(csv).toBe('1,x,y,1\n3,"a\nb",y,2\n5,z,y,3\n')
  })

  it('keeps a lone \\. of a table of one column from ending the data', async () => {
    const config = `classname: sluice.TableLoad\ntable: t\ncolumns: [{name: a, type: text}]\nmode: append`
    expect((await rowsOf(config, 'x\n\\.\n\ny\n', [100])).csv).toBe('x\n"\\."\n\ny\n')
  })

  it('refuses a row that has no end', async () => {
    const text = `x,y,1\n${'a'.repeat(17 * 1024 * 1024)}`
    await expect(rowsOf(configOf(), text, [65_536])).rejects.toThrow(
      'rows.csv:2: a row longer than 16777216 bytes',
    )
  })
})
