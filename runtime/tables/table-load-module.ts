import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type {
  ClaimedInput,
  PipelineModule,
  RunContext,
  SinkOutcome,
  Skipped,
  Succeeded,
} from '../contracts.ts'
import { CatalogError, ConfigError, type Place } from '../errors.ts'
import { objectInput } from '../formats/input-file.ts'
import { readTableLoad, rejectedPrefix, stagedPrefix } from './config/read-table-load.ts'
import { type SinkName, type TableLoad, tableName } from './config/table-load.ts'
import { NoRowsError } from './no-rows-error.ts'
import { createPostgresSink } from './postgres-sink.ts'
import { createRedshiftSink } from './redshift-sink.ts'
import { Rejections, showRejected } from './rejections.ts'
import { isRejection, type LoadSink, partsOf } from './sink-load.ts'

/** The module of pipelines whose configuration is a table load (`sluice.TableLoad`). */
export function createTableLoadModule(): PipelineModule {
  return { run: (context) => new TableLoadRun(context).run() }
}

type Part = ReturnType<typeof partsOf>[number]

class TableLoadRun {
  readonly #context: RunContext
  readonly #load: TableLoad
  /** Of each sink: sums over the parts, but `before` of the first and `after` of the last. */
  readonly #counts: Record<string, number> = {}
  #passes = 0
  #bytesBefore = 0

  constructor(context: RunContext) {
    this.#context = context
    this.#load = loadOf(context)
  }

  async run(): Promise<Succeeded | Skipped> {
    const { inputs, run } = this.#context
    if (this.#context.work.kind === 'window') {
      throw problem(
        this.#load.places.table,
        'table',
        'a table load is an ingest: write type: Ingest in the registry',
      )
    }
    // Some stores keep folders as objects without content.
    const files = inputs.filter(({ key }) => !key.endsWith('/'))
    const sinks = this.#sinks()
    const parts = partsOf(this.#load, files)
    let loaded = 0
    for (const part of files.length > 0 ? parts : []) {
      try {
        await this.#loadPart(part, sinks)
        loaded++
      } catch (error) {
        if (!(error instanceof NoRowsError)) throw error
        const names = part.inputs.map(({ key }) => key).join(', ')
        this.#context.note({ warnings: [`${names}: no rows; ${tableName(this.#load)} is left as it was`] })
      } finally {
        this.#context.note({ counts: this.#counts })
      }
      this.#bytesBefore += part.inputs.reduce((sum, { size }) => sum + size, 0)
    }
    this.#context.log.info('Table:Done', { table: tableName(this.#load), run: run.key, counts: this.#counts })
    return loaded === 0
      ? { outcome: 'skipped', reason: 'empty' }
      : { outcome: 'succeeded', counts: this.#counts }
  }

  /** The sinks that can be reached. @throws ConfigError when the run was not given what a sink needs */
  #sinks(): LoadSink[] {
    const { catalog, redshift, run, outputs, output } = this.#context
    const store = outputs[run.output.bucket] ?? output
    const sinks = this.#load.sinks.flatMap((name): LoadSink[] => {
      if (name === 'postgres') {
        if (!catalog) throw this.#notGiven('catalog')
        return [createPostgresSink(catalog)]
      }
      if (!redshift) throw this.#notGiven('redshift')
      if (redshift === 'out-of-reach') {
        this.#context.note({ warnings: [`redshift: left out, as it cannot be loaded from this machine`] })
        return []
      }
      const prefix = run.output.prefix + stagedPrefix
      return [createRedshiftSink({ redshift, store, bucket: run.output.bucket, prefix })]
    })
    if (sinks.length > 0) return sinks
    const message =
      'redshift is the only sink, and cannot be loaded from this machine: add postgres to try it here'
    throw problem(this.#load.places.sinks, 'sinks', message)
  }

  #notGiven(name: 'catalog' | 'redshift'): ConfigError {
    const message = `${this.#context.run.key} does not reach the ${name}: add it to "uses" in the registry`
    return problem(this.#load.places.sinks, 'sinks', message)
  }

  /**
   * A part into every sink. One that fails leaves the others alone: the run fails in the end, and the next one finds in
   * the sinks that had it that they had it.
   */
  async #loadPart(part: Part, sinks: readonly LoadSink[]): Promise<void> {
    const failures: { readonly sink: SinkName; readonly error: unknown }[] = []
    const done: SinkName[] = []
    const report = new RejectedReport(this.#context, this.#load, part)
    for (const sink of sinks) {
      try {
        this.#add(sink.name, await this.#loadInto(sink, part, report))
        done.push(sink.name)
      } catch (error) {
        if (error instanceof NoRowsError) throw error
        // Of the only one, the run's own error tells.
        if (sinks.length > 1) this.#context.note({ warnings: [`${sink.name}: ${messageOf(error)}`] })
        failures.push({ sink: sink.name, error })
        // Rows that one sink refuses are no rows for another.
        if (isRejection(error) || this.#context.signal.aborted) break
      }
    }
    const [first] = failures
    if (!first) return
    if (isRejection(first.error) || this.#context.signal.aborted || sinks.length === 1) throw first.error
    const loaded = done.length > 0 ? `; loaded is ${done.join(', ')}, which a retry leaves alone` : ''
    const names = failures.map(({ sink }) => sink).join(' and ')
    const message = `${tableName(this.#load)}: ${names} failed: ${messageOf(first.error)}${loaded}`
    throw new CatalogError(message, { cause: first.error })
  }

  async #loadInto(sink: LoadSink, part: Part, report: RejectedReport): Promise<SinkOutcome> {
    const { runId, attempt, run, signal, scratchDir, raw, now } = this.#context
    const inputs = part.inputs.map((input) =>
      objectInput(raw, { ...input, lastModified: now }, join(scratchDir, 'inputs')),
    )
    let latest: Rejections | undefined
    const total = this.#context.inputs.reduce((sum, { size }) => sum + size, 0)
    try {
      return await sink.load({
        load: this.#load,
        inputs,
        source: part.source,
        identity: part.identity,
        runId,
        attempt,
        timeoutSeconds: run.compute.timeoutSeconds,
        signal,
        startPass: () => {
          latest = new Rejections(join(scratchDir, `rejected-${++this.#passes}.ndjson`))
          return latest
        },
        onBytes: (bytes) => this.#context.progress(Math.min(this.#bytesBefore + bytes, total), total),
      })
    } finally {
      if (latest) await report.write(latest)
    }
  }

  #add(sink: SinkName, outcome: SinkOutcome): void {
    const counts = this.#counts
    const add = (name: string, value: number) => {
      counts[name] = (counts[name] ?? 0) + value
    }
    counts[`${sink}.before`] ??= outcome.before
    counts[`${sink}.after`] = outcome.after
    add(`${sink}.loaded`, outcome.loaded)
    add(`${sink}.rejected`, outcome.rejected)
    // What tables of runs show: once, however many sinks there are.
    if (sink === this.#load.sinks[0]) add('rows', outcome.loaded)
    if (this.#load.mode === 'upsert') add(`${sink}.superseded`, outcome.superseded)
    if (outcome.state === 'already') {
      this.#context.note({ warnings: [`${sink}: had been loaded by an earlier run, and was left alone`] })
    }
    this.#context.log.info('Table:Loaded', { table: tableName(this.#load), sink, ...outcome })
  }
}

/** What was rejected of a part: the first rows in the record, all of them in an object. Written once, as sinks agree. */
class RejectedReport {
  readonly #context: RunContext
  readonly #key: string
  #isWritten = false

  constructor(context: RunContext, load: TableLoad, { identity, inputs: [first] }: Part) {
    this.#context = context
    const name = (first as ClaimedInput).key
      .replace(/^.*\//, '')
      .replaceAll(/[^\w.-]/g, '_')
      .slice(-64)
    this.#key = `${context.run.output.prefix}${rejectedPrefix}${tableName(load)}/${identity.slice(0, 16)}-${name}.ndjson`
  }

  async write(rejections: Rejections): Promise<void> {
    await rejections.close()
    if (rejections.count === 0 || this.#isWritten) return
    this.#isWritten = true
    const { outputs, output, run, signal } = this.#context
    const store = outputs[run.output.bucket] ?? output
    // A run whose time is up may write no more; its rejection is told by the next one.
    if (signal.aborted) return
    await store.put(this.#key, rejections.read(), { contentType: 'application/x-ndjson' })
    this.#context.note({
      counts: { rejected: rejections.count },
      warnings: [
        `${rejections.count} rows were rejected: all of them are in ${run.output.bucket}:${this.#key}`,
        ...rejections.first.map(showRejected),
      ],
    })
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** @throws ConfigError */
function loadOf({ run, projectRoot }: RunContext): TableLoad {
  const file = join(projectRoot, run.configFile)
  if (!existsSync(file)) throw problem({ file: run.configFile }, '', 'there is no such file')
  return readTableLoad(readFileSync(file, 'utf8'), run.configFile)
}

function problem(place: Place, path: string, message: string): ConfigError {
  return new ConfigError([{ ...place, severity: 'error', path, message }])
}
