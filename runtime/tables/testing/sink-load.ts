import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { InputFile } from '../../contracts.ts'
import { bytesInput } from '../../formats/input-file.ts'
import { readTableLoad } from '../config/read-table-load.ts'
import { type RejectedRow, Rejections } from '../rejections.ts'
import { partsOf, type SinkLoad } from '../sink-load.ts'

/** The table of system 002, in all modes. */
export const personsConfig = (more = 'mode: replace') => `
classname: sluice.TableLoad
table: public.persons
columns:
  - {name: id, type: varchar(10)}
  - {name: email, type: varchar(50), nullable: false}
  - {name: state, type: varchar(3), nullable: false}
  - {name: postal, type: numeric(10), nullable: false}
  - {name: address, type: varchar(250), nullable: false}
key: [id]
${more}
`

export interface TestLoad {
  readonly request: SinkLoad
  /** Those of the last pass, all of them. */
  rejected(): Promise<readonly RejectedRow[]>
  remove(): void
}

/** A load of files, given by name and content, as a run would ask a sink for it. */
export function testLoad(
  config: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  changes: {
    readonly epoch?: number
    readonly inputs?: readonly InputFile[]
    readonly signal?: AbortSignal
  } = {},
): TestLoad {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-table-'))
  const load = readTableLoad(config, 'pipeline.yaml')
  const inputs =
    changes.inputs ??
    Object.entries(files).map(([name, content]) => bytesInput(name, Buffer.from(content as string), folder))
  const claimed = Object.entries(files).map(([key, content]) => ({
    key,
    size: content.length,
    etag: Buffer.from(content as string).toString('base64'),
    epoch: changes.epoch ?? 0,
  }))
  const [part] = partsOf(load, claimed)
  if (!part) throw new Error('no files')
  let passes = 0
  let last: Rejections | undefined
  return {
    request: {
      load,
      inputs,
      source: part.source,
      identity: part.identity,
      runId: 'run-1',
      attempt: 1,
      timeoutSeconds: 60,
      signal: changes.signal ?? new AbortController().signal,
      startPass() {
        last = new Rejections(path.join(folder, `rejected-${++passes}.ndjson`))
        return last
      },
      onBytes: () => {},
    },
    async rejected() {
      await last?.close()
      if (!last || last.count === 0) return []
      const lines = readFileSync(last.file, 'utf8').trimEnd().split('\n')
      return lines.map((line) => JSON.parse(line) as RejectedRow)
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}
