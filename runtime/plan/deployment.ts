/** Where a deployment leaves the plan in the stack's logs bucket. */
export const planKey = 'plan.json'
/** Where it leaves, beside the plan, what only the deployment knows. */
export const deploymentKey = 'deployment.json'

/**
 * What operators' commands need of a deployed stack and its plan does not tell. Addresses only: whoever reads the logs
 * bucket learns no secret from it.
 */
export interface Deployment {
  readonly format: 1
  readonly topicArn: string
  readonly architecture: 'arm64' | 'x64'
  /** Of Batch jobs, by digest. */
  readonly image?: string
  readonly catalog?: DeployedCatalog
}

/** A stack's database, as the Data API reaches it. */
export interface DeployedCatalog {
  readonly clusterArn: string
  /**
   * The secret of the cluster's master. Not one of a reader: the Data API logs in with a secret only, and a reader's in
   * each stack would cost more than an idle preview. Who may use it is IAM's to say; what a command does with it is done
   * as `user`, and for queries in a transaction that can change nothing.
   */
  readonly secretArn: string
  readonly database: string
  /** Whom the stack's runs log in as. */
  readonly user: string
}
