import { RDSDataClient } from '@aws-sdk/client-rds-data'
import { openDataApiCatalog } from '../catalog/data-api-catalog.ts'
import { clock } from '../local/clock.ts'
import { createLog } from '../log.ts'
import { createCatalogSetupHandler } from './catalog-setup-handler.ts'
import { variable } from './settings.ts'

const environment = process.env
const { clusterArn, secretArn, region } = JSON.parse(variable(environment, 'SLUICE_CATALOG_CLUSTER')) as {
  readonly clusterArn: string
  readonly secretArn: string
  readonly region: string
}
const endpoint = environment.AWS_ENDPOINT_URL_RDS_DATA
const client = new RDSDataClient({ region, maxAttempts: 5, ...(endpoint !== undefined && { endpoint }) })

/** Sets up the stack's database in the shared cluster; each deployment that changes it calls this. */
export const handler = createCatalogSetupHandler({
  open: (database) => openDataApiCatalog({ client, target: { clusterArn, secretArn, database } }),
  mainDatabase: 'sluice',
  log: createLog({
    write: (line) => process.stdout.write(`${line}\n`),
    now: clock,
    fields: { codeVersion: environment.SLUICE_CODE_VERSION ?? 'N/A' },
  }),
})
