import type { Plan, PlannedRun } from '../runtime/contracts.ts'
import { ConfigError } from '../runtime/errors.ts'
import type { DeployedCatalog } from '../runtime/plan/deployment.ts'
import { catalogName } from './names.ts'

/** The catalog cluster of a base stack, and the network from which it is reached. */
export interface CatalogCluster {
  readonly host: string
  readonly port: number
  readonly clusterArn: string
  /** What IAM calls it where it names its users. */
  readonly clusterResourceId: string
  /** The secret of the cluster's master, which AWS makes and rotates. */
  readonly secretArn: string
  readonly functionSubnetIds: readonly string[]
  /** Of functions that reach the cluster. */
  readonly securityGroupId: string
}

/** A stack's own database in the cluster, and the user that its runs log in as, by token. */
export interface CatalogAccess extends CatalogCluster {
  readonly database: string
  readonly user: string
}

/** Where a stack's runs find their catalog. */
export function catalogAccess(plan: Plan, cluster: CatalogCluster): CatalogAccess {
  const name = catalogName(plan)
  return { ...cluster, database: name, user: name }
}

/**
 * A function that reaches the catalog stands in a network without a way out but to S3, and Redshift's Data API is out
 * there; a job has one. @throws ConfigError
 */
export function refuseUnreachable(plan: Plan): void {
  const problems = plan.runs
    .filter(
      ({ compute, uses }) =>
        compute.kind === 'Lambda' && uses.includes('catalog') && uses.includes('redshift'),
    )
    .map(({ key }) => ({
      severity: 'error' as const,
      file: 'pipelines_config.yml',
      path: key,
      message: 'uses both catalog and redshift, which a function cannot reach at once: set compute: Batch',
    }))
  if (problems.length > 0) throw new ConfigError(problems)
}

/** Where operators' commands find the catalog. */
export function deployedCatalog({ clusterArn, secretArn, database, user }: CatalogAccess): DeployedCatalog {
  return { clusterArn, secretArn, database, user }
}

/** What a run is told of its catalog. No password: it logs in with a token of its role. */
export function catalogEnvironment({ host, port, database, user }: CatalogAccess) {
  return { SLUICE_CATALOG: JSON.stringify({ host, port, database, user }) }
}

/** What a run that loads into Redshift is told of it. */
export function redshiftEnvironment(plan: Plan, run: PlannedRun): Record<string, string> {
  if (!run.uses.includes('redshift') || !plan.redshift) return {}
  return { SLUICE_REDSHIFT: JSON.stringify(plan.redshift) }
}
