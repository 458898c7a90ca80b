import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { migrate } from '../../../runtime/catalog/migrate.ts'
import { migrations } from '../../../runtime/catalog/migrations.generated.ts'
import { openPgliteCatalog } from '../../../runtime/catalog/pglite-catalog.ts'
import type { Catalog, JsonObject, ObjectStore, PipelineModule, Shard } from '../../../runtime/contracts.ts'
import type { RunResult } from '../../../runtime/run/execute.ts'
import { executeWork } from '../../../runtime/run/execute-work.ts'
import { type RunRecord, readRecord } from '../../../runtime/run/record.ts'
import { plannedRun, silentLog } from '../../../runtime/run/testing/fixtures.ts'
import { MemoryObjectStore } from '../../../runtime/storage/memory.ts'
import { CgAssets } from '../pipeline.ts'

export interface ScanOptions {
  readonly parameters?: JsonObject
  readonly shard?: Shard
  readonly prefix?: string
  readonly now?: Date
  readonly replay?: boolean
  readonly input?: ObjectStore
  readonly module?: PipelineModule
  readonly memoryMB?: number
  readonly scratchMB?: number
}

/** A bucket of assets with its catalog and thumbnails, scanned as the engine would. */
export interface AssetWorld {
  /** New ones after `reset`. */
  input: MemoryObjectStore
  thumbnails: MemoryObjectStore
  logs: MemoryObjectStore
  readonly catalog: Catalog
  /** Of the objects that are put. */
  time: Date
  scan(options?: ScanOptions): Promise<{ readonly result: RunResult; readonly record: RunRecord | undefined }>
  /** Every row of `files` with that of its type, by path; ids left out. */
  rows(columns?: string): Promise<Record<string, unknown>[]>
  /** Empties catalog and buckets. */
  reset(): Promise<void>
  close(): Promise<void>
}

const tables = 'images videos blend_files audio code spreadsheets documents caches unknown_files'.split(' ')

export async function makeAssetWorld(): Promise<AssetWorld> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'cg-assets-'))
  const catalog = openPgliteCatalog({ spoolDir: folder })
  await migrate(catalog, migrations)
  let runs = 0
  const now = () => world.time
  const world: AssetWorld = {
    input: new MemoryObjectStore({ now }),
    thumbnails: new MemoryObjectStore({ now }),
    logs: new MemoryObjectStore({ now }),
    catalog,
    time: new Date('2026-03-01T00:00:00Z'),
    async scan(options = {}) {
      const { prefix = 'assets/', shard, parameters = {} } = options
      const runId = `run-${++runs}`
      const run = plannedRun({
        key: 'cg_assets/main',
        pipeline: 'cg_assets',
        site: 'main',
        input: 'prefix',
        trigger: { kind: 's3', source: { bucket: 'input', prefix } },
        output: { bucket: 'thumbnails', prefix: 'cg/' },
        writes: [{ bucket: 'thumbnails', prefix: 'cg/' }],
        compute: {
          ...plannedRun().compute,
          memoryMB: options.memoryMB ?? 1024,
          scratchMB: options.scratchMB ?? 512,
          timeoutSeconds: 600,
          attempts: 1,
        },
        uses: ['catalog'],
        configFile: 'pipelines/cg_assets/config/pipeline.yaml',
      })
      const scanned = options.now ?? new Date('2026-03-02T00:00:00Z')
      const [result] = await executeWork({
        run,
        work: { kind: 'prefix', prefix, ...(shard && { shard }) },
        module: options.module ?? new CgAssets(parameters),
        stores: {
          inputs: { input: options.input ?? world.input },
          outputs: { thumbnails: world.thumbnails },
          logs: world.logs,
        },
        runId,
        holder: runId,
        attempt: 1,
        attempts: 1,
        now: scanned,
        clock: () => new Date(),
        log: silentLog,
        scratchRoot: path.join(folder, 'scratch'),
        codeVersion: 'test',
        projectRoot: folder,
        classes: { load: () => Promise.reject(new Error('none')) },
        catalog,
        replay: options.replay ?? false,
      })
      if (!result) throw new Error('no run')
      const record = result.record === undefined ? undefined : await readRecord(world.logs, result.record)
      return { result, record }
    },
    async rows(columns = 'f.*') {
      const { rows } = await catalog.query<Record<string, unknown>>(
        `select ${columns}, to_jsonb(of_type) as of_type from files f left join (
           ${tables.map((name) => `select file_id, '${name}' as of_table, to_jsonb(${name}) - 'file_id' as columns from ${name}`).join(' union all ')}
         ) of_type on of_type.file_id = f.id order by f.file_path collate "C"`,
      )
      return rows.map(({ id: _id, of_type: of, ...row }) => {
        const { of_table: table, columns: own } = (of ?? {}) as Record<string, unknown>
        return { ...row, table, own }
      })
    },
    async reset() {
      await catalog.query('truncate files, shows cascade')
      world.input = new MemoryObjectStore({ now })
      world.thumbnails = new MemoryObjectStore({ now })
      world.logs = new MemoryObjectStore({ now })
    },
    async close() {
      await catalog.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return world
}
