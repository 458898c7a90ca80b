import type { Plan, PlannedRun } from '../runtime/contracts.ts'
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
