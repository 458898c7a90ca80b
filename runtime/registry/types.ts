// Generated from pipelines_config.schema.json by `npm run generate`. Not to be edited.
// biome-ignore-all lint: generated
// biome-ignore-all format: generated

/**
 * false keeps the pipeline, or the site, out of the plan.
 */
export type Enabled = boolean
/**
 * Which object names start a run: a glob in which only * is special (it matches / too), for the part of the key below input_bucket_path. All names unless set.
 */
export type Files = string
/**
 * Whether files matches upper and lower case alike.
 */
export type IgnoreCase = boolean
/**
 * When to look for work, with trigger: Cron. Hourly, Daily (02:00), Weekly (Sunday 02:30), Monthly (the 1st, 03:00), or cron(…) or rate(…) as EventBridge Scheduler writes them.
 */
export type Schedule = string
/**
 * The time zone of schedule, by its IANA name. Windows are always UTC.
 */
export type Timezone = string
/**
 * The work unit of a VAP: a UTC calendar unit; weeks start on Sunday. Follows from a named schedule; required with cron(…) and rate(…).
 */
export type Window = '1 hour' | '1 day' | '1 week' | '1 month'
/**
 * How far back a scheduled look goes: over the windows of a VAP, over the known objects of a cron ingest.
 */
export type LookBack = string
/**
 * How late data may be: a window is looked at, or an object taken, only when it is this old.
 */
export type Lag = string
/**
 * How many windows of a VAP, or runs of a cron ingest, one look starts at most.
 */
export type MaxWindows = number
/**
 * Whether a cron ingest runs all new objects together, tsdat's way, or each alone.
 */
export type Group = 'together' | 'each'
/**
 * What a run is given: objects, or the prefix, which the pipeline then scans itself.
 */
export type Input = 'objects' | 'prefix'
/**
 * How many Batch jobs share the scan of a prefix, each with its part of the objects: an array job, which has at most 10000.
 */
export type Shards = number
/**
 * Where runs execute on AWS: Lambda up to 15 minutes and 10 GB, Batch (Fargate) beyond.
 */
export type Compute = 'Lambda' | 'Batch'
/**
 * Memory of a run, 1 GB being 1024 MB. On Batch, unless set, the least that Fargate offers with vcpus from 1024 MB on.
 */
export type Memory = string
/**
 * How long a run may take.
 */
export type Timeout = string
/**
 * Disk space of a run for temporary files.
 */
export type Scratch = string
/**
 * vCPUs of a run on Batch. On Lambda they follow from memory.
 */
export type Vcpus = 0.25 | 0.5 | 1 | 2 | 4 | 8 | 16 | 32
/**
 * How many runs of a site may execute at once on Lambda. No limit unless set.
 */
export type Concurrency = number
/**
 * How often a run that failed is tried in all: up to 3 on Lambda, 10 on Batch. A rejected run is never tried again.
 */
export type Attempts = number
/**
 * Whether Batch uses Fargate Spot, which costs less and may be interrupted.
 */
export type Spot = boolean
/**
 * How many vCPUs the runs of a pipeline may use on Batch at once.
 */
export type MaxVcpus = number
/**
 * Where runs may write. The first place stands for storage.yaml's bucket and root; its templates are kept. Unless set, the output bucket, as far as the templates reach.
 */
export type Output = OutputPlace | OutputPlace[]
/**
 * What else runs may reach.
 *
 * Items: The catalog database, or the Redshift workgroup that the key redshift names.
 */
export type Uses = ('catalog' | 'redshift')[]
/**
 * Values of any kind that are passed to the pipeline.
 */
export type Parameters = {[key: string]: unknown}

/**
 * The registry of a Sluice project: every pipeline, its sites, and where they run. A superset of tsdat's pipelines_config.yml.
 */
export interface PipelinesConfig {
  /**
   * The GitHub organisation or user that the repository belongs to.
   */
  github_org?: string
  /**
   * The repository's name. Every name on AWS starts with it.
   */
  pipelines_repo_name: string
  /**
   * @deprecated
   * Of tsdat: the name of its deployment repository. Not needed here.
   */
  aws_repo_name?: string
  /**
   * The AWS account, 12 digits in quotes.
   */
  account_id: string
  /**
   * The AWS region.
   */
  region: string
  /**
   * The bucket that raw files arrive in.
   */
  input_bucket_name: string
  /**
   * The bucket that data are written to.
   */
  output_bucket_name: string
  /**
   * Whether prod creates the two buckets, or adopts existing ones. Previews always create their own.
   */
  create_buckets?: boolean
  /**
   * @deprecated
   * Of tsdat: the connection of its CodePipeline to GitHub. Not needed here.
   */
  github_codestar_arn?: string
  /**
   * A person or team: a suffix and a tag of every name, for several stacks of one project in an account.
   */
  owner?: string
  alerts?: Alerts
  defaults?: Defaults
  /**
   * What each branch deploys, by branch name or a pattern with *. The exact name wins, then the longest pattern; a branch that none matches deploys nothing.
   */
  branches?: {
    [k: string]: Branch
  }
  /**
   * Account quotas that AWS has raised, so that check and plan count with them.
   */
  quotas?: {
    /**
     * EventBridge: number of rules per event bus, 300 by default.
     */
    rules_per_event_bus?: number
    /**
     * EventBridge: event pattern size, 2048 by default.
     */
    event_pattern_characters?: number
    /**
     * IAM: roles per account, 1000 by default.
     */
    roles?: number
    /**
     * Lambda: concurrent executions, 1000 by default.
     */
    concurrent_executions?: number
    /**
     * Fargate: On-Demand vCPU resource count, 6 by default.
     */
    fargate_vcpus?: number
    /**
     * Fargate: Spot vCPU resource count, 6 by default.
     */
    fargate_spot_vcpus?: number
  }
  /**
   * The Redshift Serverless workgroup that table loads may write to.
   */
  redshift?: {
    /**
     * The workgroup's name.
     */
    workgroup: string
    /**
     * The database's name.
     */
    database: string
    /**
     * The role that Redshift reads the staged rows with.
     */
    role_arn: string
  }
  /**
   * The pipelines.
   */
  pipelines: Pipeline[]
}
/**
 * Who gets failure mail. A pipeline's own list replaces the list at the top.
 */
export interface Alerts {
  /**
   * Mail addresses.
   *
   * Items: A mail address.
   */
  emails: string[]
}
/**
 * Settings for every pipeline; a pipeline's own and a site's own win.
 */
export interface Defaults {
  enabled?: Enabled
  files?: Files
  ignore_case?: IgnoreCase
  schedule?: Schedule
  timezone?: Timezone
  window?: Window
  look_back?: LookBack
  lag?: Lag
  max_windows?: MaxWindows
  group?: Group
  input?: Input
  shards?: Shards
  compute?: Compute
  memory?: Memory
  timeout?: Timeout
  scratch?: Scratch
  vcpus?: Vcpus
  concurrency?: Concurrency
  attempts?: Attempts
  spot?: Spot
  max_vcpus?: MaxVcpus
  output?: Output
  uses?: Uses
}
/**
 * What a branch deploys.
 */
export interface Branch {
  /**
   * prod, or a preview of its own for each branch. Only one branch, named without *, may be prod.
   */
  stack?: 'prod' | 'preview'
  /**
   * Whether schedules are switched on. On for prod and off for previews unless set.
   */
  schedules?: boolean
  /**
   * How long a preview lives after its last deployment. 14 days unless set.
   */
  expires_after?: string
}
/**
 * One pipeline: its folder, how it starts, and its sites.
 */
export interface Pipeline {
  /**
   * The pipeline's name: its folder under pipelines/.
   */
  name: string
  /**
   * Ingest turns raw files into data; VAP makes value-added data from the datastreams of others.
   */
  type: 'Ingest' | 'VAP'
  /**
   * What starts runs: S3, each new object under input_bucket_path; Cron, a schedule. A VAP is always Cron.
   */
  trigger: 'S3' | 'Cron'
  alerts?: Alerts
  enabled?: Enabled
  files?: Files
  ignore_case?: IgnoreCase
  schedule?: Schedule
  timezone?: Timezone
  window?: Window
  look_back?: LookBack
  lag?: Lag
  max_windows?: MaxWindows
  group?: Group
  input?: Input
  shards?: Shards
  compute?: Compute
  memory?: Memory
  timeout?: Timeout
  scratch?: Scratch
  vcpus?: Vcpus
  concurrency?: Concurrency
  attempts?: Attempts
  spot?: Spot
  max_vcpus?: MaxVcpus
  output?: Output
  uses?: Uses
  /**
   * The sites of the pipeline, by name.
   */
  configs: {
    [k: string]: Site
  }
}
/**
 * One site of a pipeline: what differs there.
 */
export interface Site {
  /**
   * The prefix of the input bucket that an ingest takes its objects from. A leading ./ and / are dropped, a trailing / is added.
   */
  input_bucket_path?: string
  /**
   * The pipeline configuration (pipeline.yaml), from the project root.
   */
  config_file_path: string
  enabled?: Enabled
  files?: Files
  ignore_case?: IgnoreCase
  schedule?: Schedule
  timezone?: Timezone
  window?: Window
  look_back?: LookBack
  lag?: Lag
  max_windows?: MaxWindows
  group?: Group
  input?: Input
  shards?: Shards
  memory?: Memory
  timeout?: Timeout
  scratch?: Scratch
  vcpus?: Vcpus
  output?: Output
  parameters?: Parameters
}
/**
 * A place that runs may write to.
 */
export interface OutputPlace {
  /**
   * Which bucket of the stack.
   */
  bucket: 'output' | 'thumbnails' | 'gallery'
  /**
   * Keys start with this. The whole bucket unless set.
   */
  prefix?: string
}
