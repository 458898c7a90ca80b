import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Catalog, PlannedRun, Redshift } from '../../contracts.ts'
import type { RunResult } from '../../run/execute.ts'
import { executeWork } from '../../run/execute-work.ts'
import { type RunRecord, readRecord } from '../../run/record.ts'
import { plannedRun, silentLog } from '../../run/testing/fixtures.ts'
import { MemoryObjectStore } from '../../storage/memory.ts'
import { tableLoadFacts } from '../config/read-table-load.ts'
import { createTableLoadModule } from '../table-load-module.ts'

export interface TableRun {
  readonly result: RunResult
  readonly record: RunRecord | undefined
}

/** A stack with one table load in it: buckets, ledger and records, as a run finds them. */
export interface TableLoadStack {
  readonly input: MemoryObjectStore
  readonly output: MemoryObjectStore
  readonly logs: MemoryObjectStore
  /** What the engine does for objects that have arrived; `replay`: although they are done. */
  run(
    keys: readonly string[],
    options?: { readonly replay?: boolean; readonly runId?: string },
  ): Promise<TableRun>
  remove(): void
}

export function tableLoadStack(
  config: string,
  reach: { readonly catalog?: Catalog; readonly redshift?: Redshift | 'out-of-reach' },
): TableLoadStack {
  const projectRoot = mkdtempSync(path.join(os.tmpdir(), 'sluice-table-run-'))
  const configFile = 'pipelines/persons/config/pipeline.yaml'
  mkdirSync(path.join(projectRoot, path.dirname(configFile)), { recursive: true })
  writeFileSync(path.join(projectRoot, configFile), config)
  const facts = tableLoadFacts(config, configFile)
  const run: PlannedRun = plannedRun({
    key: 'persons/main',
    pipeline: 'persons',
    site: 'main',
    configFile,
    classnames: facts.classnames,
    uses: facts.uses ?? [],
    writes: facts.outputPrefixes.map((prefix) => ({ bucket: 'output', prefix })),
  })
  const [input, output, logs] = [new MemoryObjectStore(), new MemoryObjectStore(), new MemoryObjectStore()]
  let runs = 0
  return {
    input,
    output,
    logs,
    async run(keys, { replay = false, runId = `run-${++runs}` } = {}) {
      const [result] = await executeWork({
        run,
        work: { kind: 'objects', keys },
        module: createTableLoadModule(),
        stores: { inputs: { input }, outputs: { output }, logs },
        runId,
        holder: runId,
        attempt: 1,
        attempts: 1,
        now: new Date('2026-01-01T00:00:00Z'),
        clock: () => new Date('2026-01-01T00:00:00Z'),
        log: silentLog,
        scratchRoot: path.join(projectRoot, 'scratch'),
        codeVersion: 'test',
        projectRoot,
        classes: { load: () => Promise.reject(new Error('none')) },
        ...reach,
        replay,
      })
      if (!result) throw new Error('no run')
      const record = result.record === undefined ? undefined : await readRecord(logs, result.record)
      return { result, record }
    },
    remove: () => rmSync(projectRoot, { recursive: true }),
  }
}
