import { lazyCatalog } from '../catalog/lazy-catalog.ts'
import type { Catalog, PlannedRun, Redshift, RedshiftTarget } from '../contracts.ts'
import { type BucketNames, type Environment, parseVariable } from './settings.ts'

/** What a run uses beside buckets. */
export interface Services {
  readonly catalog?: Catalog
  readonly redshift?: Redshift
  /** Leaves no connection open: a function that is frozen, or a job that waits, must hold none. */
  readonly close: () => Promise<void>
}

/** Where a stack's database is, as `SLUICE_CATALOG` says. There is no password: the role's own keys make one. */
interface CatalogAddress {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

/**
 * What the plan says that a run uses; the code for it is loaded only then. The catalog is connected to at first use.
 * @throws ConfigError when the environment does not say where it is
 */
export async function openServices(
  run: PlannedRun,
  environment: Environment,
  buckets: BucketNames,
): Promise<Services> {
  const catalog = run.uses.includes('catalog') ? openCatalog(run, environment) : undefined
  const redshift = run.uses.includes('redshift') ? await openRedshift(environment, buckets) : undefined
  return {
    ...(catalog && { catalog }),
    ...(redshift && { redshift }),
    close: async () => catalog?.close(),
  }
}

function openCatalog(run: PlannedRun, environment: Environment): Catalog {
  const address = parseVariable(environment, 'SLUICE_CATALOG') as CatalogAddress
  const region = environment.AWS_REGION ?? ''
  const { kind, timeoutSeconds } = run.compute
  return lazyCatalog(async () => {
    const [{ openPgCatalog }, { iamPassword }, { assertMigrated }] = await Promise.all([
      import('../catalog/pg-catalog.ts'),
      import('../catalog/iam-password.ts'),
      import('../catalog/migrate.ts'),
    ])
    const catalog = openPgCatalog({
      server: { ...address, password: iamPassword(address, { region }), tls: { mode: 'verify-full' } },
      // A function has one request at a time, and there may be many functions.
      ...(kind === 'Lambda' && { poolSize: 1 }),
      statementTimeoutMs: timeoutSeconds * 1000,
    })
    try {
      await assertMigrated(catalog)
      return catalog
    } catch (error) {
      await catalog.close()
      throw error
    }
  })
}

async function openRedshift(environment: Environment, buckets: BucketNames): Promise<Redshift> {
  const target = parseVariable(environment, 'SLUICE_REDSHIFT') as RedshiftTarget
  const [{ RedshiftDataClient }, { openRedshift: open }] = await Promise.all([
    import('@aws-sdk/client-redshift-data'),
    import('../catalog/redshift-data.ts'),
  ])
  return open({ client: new RedshiftDataClient({ maxAttempts: 5 }), target, buckets })
}
