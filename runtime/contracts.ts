/**
 * Every interface that parts of Sluice meet at. Imports nothing.
 *
 * - registry: `pipelines_config.yml`. pipeline: a registry entry and the folder `pipelines/<name>/`.
 * - site: one key under a pipeline's `configs:`. stack: everything deployed from one branch.
 * - run: one execution. PlannedRun: what is provisioned for one pipeline at one site.
 * - work unit: what one run handles: object keys, a window, a prefix.
 * - ledger: what each work unit was last done for. record: what one run left behind.
 * - rejected: the input is bad and no retry can help. failed: something else broke and a retry may help.
 *   skipped: there was nothing to do, for one of a closed list of reasons.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

// ---------------------------------------------------------------- the plan

/** The buckets of a stack, by what they are for. Physical names stand in `Plan.buckets`. */
export type BucketRole = 'input' | 'output' | 'logs' | 'thumbnails' | 'gallery'

/** A part of a bucket: every key that starts with `prefix` (no wildcards; `''` is the whole bucket). */
export interface Location {
  readonly bucket: BucketRole
  readonly prefix: string
}

/** Which object names start a run: a glob in which only `*` is special, matched against the key below the prefix. */
export interface FileFilter {
  readonly glob: string
  readonly ignoreCase: boolean
}

export type Trigger =
  | { readonly kind: 's3'; readonly source: Location; readonly files?: FileFilter }
  | {
      readonly kind: 'cron'
      /** `cron(…)` or `rate(…)` in EventBridge Scheduler's syntax. */
      readonly expression: string
      readonly timezone: string
      /** Of a cron ingest: where new objects are looked for, and whether they are run together or each alone. */
      readonly source?: Location
      readonly files?: FileFilter
      readonly group?: 'together' | 'each'
    }

export type WindowUnit = 'hour' | 'day' | 'week' | 'month'

/** Which windows a scheduled look considers. Windows are UTC calendar units, half-open. */
export interface WindowPolicy {
  readonly unit: WindowUnit
  readonly lookBackSeconds: number
  /** How late data may be: a window is looked at once `lagSeconds` have passed since its end. */
  readonly lagSeconds: number
  readonly maxWindows: number
  /** How far before its start and after its end a window's fetch reads. */
  readonly padding: { readonly beforeSeconds: number; readonly afterSeconds: number }
}

export interface Compute {
  readonly kind: 'Lambda' | 'Batch'
  readonly memoryMB: number
  readonly timeoutSeconds: number
  readonly scratchMB: number
  readonly vcpus: number
  readonly attempts: number
  readonly concurrency?: number
  readonly spot: boolean
  readonly maxVcpus: number
}

/**
 * What a configuration file is written in: tsdat's language; a table load; or the name of a class of the project's own
 * and its parameters, and nothing else (see `ModuleClass`).
 */
export type ModuleKind = 'tsdat' | 'table-load' | 'own'

/** What is provisioned for one pipeline at one site. Plain JSON: it travels to Lambda, Batch and local workers. */
export interface PlannedRun {
  readonly key: `${string}/${string}`
  readonly pipeline: string
  readonly site: string
  readonly type: 'ingest' | 'vap'
  readonly trigger: Trigger
  /** `prefix`: the pipeline scans its prefix itself. */
  readonly input: 'objects' | 'prefix'
  /** How many runs share the scan of a prefix, each of which has its part of the objects; 1 unless given. */
  readonly shards?: number
  readonly lookBackSeconds: number
  /** Of a cron ingest: objects younger than this are left for a later look. Of a VAP, see `window`. */
  readonly lagSeconds: number
  /** How many work units one scheduled look starts at most. */
  readonly maxUnits: number
  readonly window?: WindowPolicy
  readonly compute: Compute
  readonly reads: readonly Location[]
  readonly writes: readonly Location[]
  /** Takes the place of storage.yaml's bucket and root: keys are this prefix and what its templates say. */
  readonly output: Location
  /** From the project root, with `/`. */
  readonly configFile: string
  readonly linkedFiles: readonly string[]
  readonly classnames: readonly string[]
  readonly module: ModuleKind
  readonly datastreamsIn: readonly string[]
  readonly datastreamsOut: readonly string[]
  readonly uses: readonly ('catalog' | 'redshift')[]
  /** Of a module of the project's own: its configuration's, over which the site's are laid, key by key. */
  readonly parameters: JsonObject
  readonly alerts: Alerts
  /** Physical names on AWS, within its limits; two stacks never share one. */
  readonly names: RunNames
}

export interface RunNames {
  readonly function: string
  readonly jobDefinition: string
  readonly role: string
  readonly rule: string
  readonly schedule: string
  readonly logGroup: string
}

/** What a stack has once. */
export interface StackNames {
  readonly eventBus: string
  readonly scheduleGroup: string
  /** Spot before on-demand; of runs with `spot: false`, see `onDemandJobQueue`. */
  readonly jobQueue: string
  readonly onDemandJobQueue: string
  readonly alertFunction: string
  readonly alertQueue: string
  readonly deadLetterQueue: string
}

export interface Plan {
  readonly project: string
  readonly stack: string
  /** `prod` may adopt buckets and is kept; a `preview` owns all it uses and cleans up after itself. */
  readonly kind: 'prod' | 'preview'
  readonly owner?: string
  readonly accountId: string
  readonly region: string
  /** Physical names of the buckets that this stack uses. `input` and `output` may be one bucket. */
  readonly buckets: Readonly<Partial<Record<BucketRole, string>>>
  /** Those of them that the stack does not create: never changed, never deleted. */
  readonly adopted: readonly BucketRole[]
  /** Whether schedules are switched on when they are deployed. */
  readonly schedulesEnabled: boolean
  /** How long a preview may live after its last deployment. */
  readonly expiresAfterSeconds?: number
  readonly alerts: Alerts
  readonly redshift?: RedshiftTarget
  readonly names: StackNames
  readonly tags: Readonly<Record<string, string>>
  /** Sorted by key, in code unit order. */
  readonly runs: readonly PlannedRun[]
}

// ---------------------------------------------------------------- the registry

/** Who gets failure mail. */
export interface Alerts {
  readonly emails: readonly string[]
}

export interface RedshiftTarget {
  readonly workgroup: string
  readonly database: string
  readonly roleArn: string
}

/** What a branch deploys whose name matches `pattern`, in which only `*` is special. */
export interface BranchRule {
  readonly pattern: string
  readonly stack: 'prod' | 'preview'
  readonly schedules: boolean
  readonly expiresAfterSeconds?: number
}

/** The registry, checked and normalised: what the plan is computed from. Nothing here is checked again later. */
export interface Registry {
  /** As the caller named it. */
  readonly file: string
  /** `pipelines_repo_name`. */
  readonly project: string
  readonly githubOrg?: string
  readonly owner?: string
  readonly accountId: string
  readonly region: string
  readonly inputBucketName: string
  readonly outputBucketName: string
  readonly createBuckets: boolean
  readonly alerts: Alerts
  readonly branches: readonly BranchRule[]
  /** The account quotas that were raised, by the names of the `quotas` key. */
  readonly quotas: Readonly<Record<string, number>>
  readonly redshift?: RedshiftTarget
  /** Those that are enabled, sorted by key. */
  readonly sites: readonly RegisteredSite[]
  /** Keys of those that are not, sorted. */
  readonly disabled: readonly string[]
}

/** One pipeline at one site with every setting resolved: the site's, else the pipeline's, else `defaults`, else ours. */
export interface RegisteredSite {
  readonly key: `${string}/${string}`
  readonly pipeline: string
  readonly site: string
  readonly type: 'ingest' | 'vap'
  readonly trigger: Trigger
  readonly input: 'objects' | 'prefix'
  /** More than 1, where a scan is shared. */
  readonly shards?: number
  readonly lookBackSeconds: number
  readonly lagSeconds: number
  readonly maxUnits: number
  /** Of a VAP. */
  readonly window?: WindowUnit
  readonly compute: Compute
  /** The `output` key as it is set; empty where it is not. */
  readonly outputs: readonly Location[]
  readonly uses: readonly ('catalog' | 'redshift')[]
  readonly parameters: JsonObject
  readonly alerts: Alerts
  readonly configFile: string
  readonly facts: PipelineFacts
  /** Where it stands in the registry, for messages about it. */
  readonly origin: { readonly path: string; readonly line?: number; readonly column?: number }
}

/** What the registry learns from a site's pipeline configuration files. */
export interface PipelineFacts {
  readonly kind: 'ingest' | 'vap' | 'custom'
  /** Of a `custom` one; all others are in tsdat's language. */
  readonly module?: ModuleKind
  /** Of a module of the project's own: what its class is made with. */
  readonly parameters?: JsonObject
  readonly datastreamsIn: readonly string[]
  readonly datastreamsOut: readonly string[]
  /** Of a VAP: how far its fetch reaches beyond its window. */
  readonly padding: { readonly beforeSeconds: number; readonly afterSeconds: number }
  /** Where the storage templates put data and ancillary files, up to the first part that varies. */
  readonly outputPrefixes: readonly string[]
  /** Where the storage templates look for each input datastream, up to the first part that varies. */
  readonly inputPrefixes: readonly string[]
  /** Every file the configuration is made of, from the project root. */
  readonly linkedFiles: readonly string[]
  /** Every class named, `tsdat.*` ones included. */
  readonly classnames: readonly string[]
  /** What the pipeline must have in its `uses` for this configuration to work; nothing unless it says so. */
  readonly uses?: readonly ('catalog' | 'redshift')[]
}

// ---------------------------------------------------------------- stores

export interface ObjectInfo {
  readonly key: string
  readonly size: number
  /** Changes whenever the content does. Opaque, without quotes. */
  readonly etag: string
  readonly lastModified: Date
  readonly contentType?: string
}

export interface StoredObject extends ObjectInfo {
  /** The bytes that were asked for, once. A reader that stops early must `return()` the iterator. */
  readonly body: AsyncIterable<Uint8Array>
}

export interface GetOptions {
  /** Half-open: `end` is the first byte not wanted; without it, to the object's end. */
  readonly range?: { readonly start: number; readonly end?: number }
  /** @throws PreconditionFailedError when the object is at another version. */
  readonly ifMatch?: string
  readonly signal?: AbortSignal
}

/** Missing is `undefined`; everything else that goes wrong throws. Keys are any non-empty text of ≤1024 UTF-8 bytes. */
export interface ObjectReader {
  get(key: string, options?: GetOptions): Promise<StoredObject | undefined>
  head(key: string): Promise<ObjectInfo | undefined>
  /** Every object whose key starts with `prefix`, in UTF-8 byte order, pages fetched as needed. */
  list(prefix: string, options?: { readonly startAfter?: string }): AsyncIterable<ObjectInfo>
}

export type PutBody = Uint8Array | string | AsyncIterable<Uint8Array>

export interface PutOptions {
  /** `'*'`: only if no object has this key. @throws PreconditionFailedError */
  readonly ifNoneMatch?: '*'
  /** Only if the object is at this version. @throws PreconditionFailedError (also when it is missing) */
  readonly ifMatch?: string
  readonly contentType?: string
  /** HTTP's, for what serves the bucket to browsers and keeps copies; a store that nothing serves ignores it. */
  readonly cacheControl?: string
  readonly signal?: AbortSignal
}

/** Writes are whole or not at all. Deleting what is not there is no error. */
export interface ObjectStore extends ObjectReader {
  put(key: string, body: PutBody, options?: PutOptions): Promise<ObjectInfo>
  delete(key: string): Promise<void>
}

/** One input of a run as a reader sees it: by stream, or as a file for formats that need to seek. */
export interface InputFile {
  /** What patterns are matched against and messages call it: a key, a path as given, a member of an archive. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** The content from its start; each call starts anew. */
  stream(): AsyncIterable<Uint8Array>
  /** A file on this machine with the content, fetched into scratch space if need be. Not to be written to. */
  localPath(): Promise<string>
}

// ---------------------------------------------------------------- runs

/** A span of time, half-open `[start, end)`, as ISO 8601 instants in UTC. */
export interface Window {
  readonly start: string
  readonly end: string
}

export type WorkUnit =
  | { readonly kind: 'objects'; readonly keys: readonly string[] }
  | { readonly kind: 'window'; readonly window: Window }
  /** Everything under the prefix, or one shard of it. */
  | { readonly kind: 'prefix'; readonly prefix: string; readonly shard?: Shard }

/** One of `of` parts, counted from 0, that objects are divided into by their names. */
export interface Shard {
  readonly index: number
  readonly of: number
}

export type SkipReason = 'done' | 'in-progress' | 'empty' | 'no-input' | 'filtered'

/** What a run wrote. `sha256` is of the whole object, in hex. */
export interface OutputRecord {
  readonly bucket: BucketRole
  readonly key: string
  readonly size: number
  readonly etag: string
  readonly sha256: string
}

/** Numbers worth knowing about a run, such as `rows`; adding them over runs must make sense. */
export type Counts = Readonly<Record<string, number>>

export interface Succeeded {
  readonly outcome: 'succeeded'
  readonly counts: Counts
}

export interface Skipped {
  readonly outcome: 'skipped'
  readonly reason: SkipReason
}

/** An object at the version that a run has claimed. `epoch`: how often its work had been replayed. */
export interface ClaimedInput extends Pick<ObjectInfo, 'key' | 'size' | 'etag'> {
  readonly epoch: number
}

/** What a run wants in its record besides its outputs, whatever becomes of it. */
export interface RunNotes {
  readonly counts?: Counts
  /** One line each. */
  readonly warnings?: readonly string[]
}

export type LogFields = Readonly<Record<string, unknown>>

/** Structured lines: an event name such as `Run:Start` and fields. */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
  /** A log whose every line has these fields too. */
  with(fields: LogFields): Log
}

/** All that a pipeline is given. `raw` has no `put`: what a run may write is `output`, within `run.writes`. */
export interface RunContext {
  readonly run: PlannedRun
  readonly runId: string
  /** From 1. */
  readonly attempt: number
  readonly work: WorkUnit
  /** What the work unit comes to, in the order of their keys: all that `raw` can give. */
  readonly inputs: readonly ClaimedInput[]
  /** The run's inputs, each at the version that the ledger claimed. Keys are relative to the bucket. */
  readonly raw: ObjectReader
  /** The default output bucket. What is put here is listed in the run's record, with checksums. */
  readonly output: ObjectStore
  /** Every bucket the run may write, by role. */
  readonly outputs: Readonly<Partial<Record<BucketRole, ObjectStore>>>
  readonly log: Log
  /** The trigger's time, not the clock. */
  readonly now: Date
  /** An empty folder that is removed when the run ends. */
  readonly scratchDir: string
  /** The folder that `run.configFile` is relative to. */
  readonly projectRoot: string
  /** A PATH: where installed programs are looked for, before the usual folders. */
  readonly searchPath?: string
  readonly signal: AbortSignal
  readonly codeVersion: string
  /** Finds the classes that configuration files name. */
  readonly classes: ClassLoader
  /** Of a run that `uses: [catalog]`. */
  readonly catalog?: Catalog
  /** Of a run that `uses: [redshift]`. `out-of-reach`: it runs where Redshift could not read its input, on a laptop. */
  readonly redshift?: Redshift | 'out-of-reach'
  /** Adds to the run's record; a count of the same name takes the place of an earlier one. */
  note(notes: RunNotes): void
  progress(done: number, total?: number): void
}

/** Gives the export that a `pipelines.<name>.<file>.<Export>` or `shared.<file>.<Export>` classname stands for. */
export interface ClassLoader {
  /** @throws ConfigError that names the file and export to write, when there is none. */
  load(classname: string): Promise<unknown>
}

/** A pipeline succeeds, or is skipped, or throws. It cannot build a failure. */
export interface PipelineModule {
  run(context: RunContext): Promise<Succeeded | Skipped>
}

/**
 * A pipeline written in TypeScript: what `classname: pipelines.<name>.<file>.<Export>` stands for in a configuration
 * that has no section of tsdat's. `parameters` are the configuration's, with the site's laid over them.
 */
export type ModuleClass = new (parameters: JsonObject) => PipelineModule

// ---------------------------------------------------------------- catalog and tables

/** What a SQL parameter may be; `null` is SQL's null. Dates are instants; an array becomes a PostgreSQL array. */
export type SqlValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly (string | number | bigint | boolean | null)[]

/**
 * Rows as objects by column name. 64-bit integers and numerics come as text, as neither fits a number; dates and times
 * of day as text; timestamps as Date (those without a zone are UTC); json parsed; bytea as Uint8Array; arrays as arrays.
 */
export interface SqlResult<R = Readonly<Record<string, unknown>>> {
  readonly rows: readonly R[]
  /** Names of the result's columns, in their order; also when there are no rows. */
  readonly columns: readonly string[]
  /** How many rows were found, inserted, updated or deleted. */
  readonly count: number
}

/** One connection's worth of a catalog. */
export interface CatalogSession {
  /** One statement with `$1`, `$2` … @throws CatalogError with the database's message, never with a password */
  query<R = Readonly<Record<string, unknown>>>(
    sql: string,
    parameters?: readonly SqlValue[],
  ): Promise<SqlResult<R>>
  /**
   * `COPY table (columns) FROM STDIN` of CSV text in UTF-8; gives the number of rows. All or nothing; in a transaction,
   * a copy that failed fails the transaction. An error of `csv` itself is thrown as it is.
   */
  copyFrom(target: CopyTarget, csv: AsyncIterable<Uint8Array>): Promise<number>
}

export interface CopyTarget {
  /** Unquoted; with its schema where it is not in the search path. */
  readonly table: string
  readonly schema?: string
  readonly columns: readonly string[]
  /** The text that stands for null where it is not quoted; empty text unless given. */
  readonly nullText?: string
}

/** PostgreSQL: embedded or a server, with the same SQL. */
export interface Catalog extends CatalogSession {
  /** Commits what `work` did when it returns, and rolls it back when it throws. */
  transaction<T>(work: (session: CatalogSession) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Rows of the table before and after a load, and what became of the rows of its input. */
export interface LoadCounts {
  readonly before: number
  readonly after: number
  readonly loaded: number
  readonly rejected: number
  /** Of an upsert: not loaded, because a later row of the input has the same key. */
  readonly superseded: number
}

/** What a load came to in one sink. `already`: the sink had these versions of these inputs, and nothing was done. */
export interface SinkOutcome extends LoadCounts {
  readonly state: 'loaded' | 'already'
}

/** Where a table load ends: PostgreSQL or Redshift. A load is whole or not at all. */
export interface TableSink<Load> {
  readonly name: 'postgres' | 'redshift'
  load(load: Load): Promise<SinkOutcome>
}

/** A parameter of a statement for Redshift is always text; `:name` in the statement stands for it. */
export type RedshiftParameters = Readonly<Record<string, string>>

/** Rows of a Redshift statement: numbers of every kind come as text. */
export type RedshiftRow = Readonly<Record<string, string | boolean | null>>

export interface RedshiftBatch {
  /** Run in one transaction; at most 40. */
  readonly statements: readonly string[]
  /** The same for the same work, at most 64 characters: a batch that is sent twice is run once. */
  readonly token: string
  /** What operators see it by. */
  readonly name: string
  readonly signal: AbortSignal
}

/** A Redshift workgroup, through its Data API. @throws CatalogError with Redshift's message from every method */
export interface Redshift {
  /** What COPY reads with. */
  readonly roleArn: string
  /** `s3://bucket/key` of an object of this stack. */
  uri(bucket: BucketRole, key: string): string
  /** One statement, in a transaction of its own. */
  query(sql: string, parameters: RedshiftParameters, signal: AbortSignal): Promise<readonly RedshiftRow[]>
  /** All or nothing; gives the rows of each statement, empty where it gives none. */
  batch(batch: RedshiftBatch): Promise<readonly (readonly RedshiftRow[])[]>
}
