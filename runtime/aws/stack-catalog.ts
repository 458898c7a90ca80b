import { RDSDataClient } from '@aws-sdk/client-rds-data'
import { openDataApiCatalog } from '../catalog/data-api-catalog.ts'
import type { Catalog, Log } from '../contracts.ts'
import { createCatalogSetupHandler } from '../entry/catalog-setup-handler.ts'
import { CatalogError, UsageError } from '../errors.ts'
import type { DeployedCatalog } from '../plan/deployment.ts'
import { awsError, ExplainedError, isAwsAnswer } from './aws-error.ts'
import type { AwsSettings } from './aws-settings.ts'
import type { DeployedStack } from './find-stack.ts'

export interface StackCatalogOptions {
  readonly stack: DeployedStack
  readonly settings: AwsSettings
  /**
   * `user`: as the stack's runs see it, whose tables are their own. `master`: who owns the schema and its migrations.
   */
  readonly as: 'user' | 'master'
  /** Told once, when the cluster is paused and wakes up. */
  readonly onWakingUp?: () => void
}

/** The database that every cluster of Sluice has, in which the others are made. */
const mainDatabase = 'sluice'
const permission =
  'rds-data:ExecuteStatement on the catalog cluster and secretsmanager:GetSecretValue on its secret'

/** Where a stack's catalog is. @throws UsageError when it has none */
export function catalogOf({ plan, deployment }: DeployedStack): DeployedCatalog {
  if (deployment?.catalog) return deployment.catalog
  const isUsed = plan.runs.some((run) => run.uses.includes('catalog'))
  throw new UsageError(
    isUsed
      ? `the stack ${plan.stack} does not tell where its catalog is: deploy it again with this version of Sluice`
      : `the stack ${plan.stack} has no catalog: none of its pipelines has uses: [catalog]`,
  )
}

/** A deployed stack's catalog through the Data API; nothing is asked before it is used. @throws UsageError when there is none */
export function openStackCatalog(options: StackCatalogOptions): Catalog {
  const { database, user } = catalogOf(options.stack)
  return openDatabase(options, database, options.as === 'user' ? user : undefined)
}

/** Makes, migrates and grants a stack's database as a deployment does; gives the names of what was applied. */
export async function setUpStackCatalog(
  options: Omit<StackCatalogOptions, 'as'> & { readonly log: Log },
): Promise<readonly string[]> {
  const { database, user } = catalogOf(options.stack)
  const setUp = createCatalogSetupHandler({
    open: (name) => openDatabase(options, name),
    mainDatabase,
    log: options.log,
  })
  const { migrations } = await explained(options.stack.plan.stack, () => setUp({ database, user }))
  return migrations
}

function openDatabase(
  { stack, settings, onWakingUp }: Omit<StackCatalogOptions, 'as'>,
  database: string,
  role?: string,
): Catalog {
  const { clusterArn, secretArn } = catalogOf(stack)
  return openDataApiCatalog({
    client: new RDSDataClient({ ...settings }),
    target: { clusterArn, secretArn, database },
    ...(role !== undefined && { role }),
    ...(onWakingUp && { onWakingUp }),
  })
}

/** What `work` does; what the Data API or PostgreSQL refuses, in one line that says what to do. */
export async function explained<T>(stack: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explain(error, stack)
  }
}

function explain(error: unknown, stack: string): Error {
  if (isAwsAnswer(error, 'DatabaseNotFoundException')) {
    return new ExplainedError('the catalog cluster is not there: deploy the base stack, then this one', {
      cause: error,
    })
  }
  if (
    isAwsAnswer(error, 'HttpEndpointNotEnabledException') ||
    /HttpEndpoint is not enabled/i.test(messageOf(error))
  ) {
    return new ExplainedError(
      'the Data API of the catalog cluster is switched off: deploy the base stack again',
      {
        cause: error,
      },
    )
  }
  if (isAwsAnswer(error, 'DatabaseResumingException')) {
    return new CatalogError('the catalog cluster is paused and did not wake up within 2 minutes: try again', {
      cause: error,
    })
  }
  if (isAwsAnswer(error, 'StatementTimeoutException')) {
    return new ExplainedError(
      'the statement took longer than the 45 seconds that the Data API gives one: ask for less',
      {
        cause: error,
      },
    )
  }
  const refusal = catalogErrorIn(error)
  if (refusal?.code === '3D000') {
    return new ExplainedError(
      `the stack's database is not there: run \`sluice catalog migrate --stack ${stack}\`, or deploy again`,
      { cause: error },
    )
  }
  if (refusal?.code === '42501' && /permission denied to set role/.test(refusal.message)) {
    return new ExplainedError(
      `the catalog's master may not act for the stack's user yet: run \`sluice catalog migrate --stack ${stack}\``,
      { cause: error },
    )
  }
  return awsError(error, permission)
}

/** What the database refused, below what was made of it. */
function catalogErrorIn(error: unknown): CatalogError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof CatalogError) return at
  return undefined
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
