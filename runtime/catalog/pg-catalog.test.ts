import { afterAll } from 'vitest'
import { catalogConformance } from './conformance.ts'
import { openPgCatalog } from './pg-catalog.ts'
import { startTestServer } from './testing/postgres-server.ts'

const server = await startTestServer()
afterAll(() => server.remove())
const database = await server.createDatabase()

catalogConformance(server.version, async () => openPgCatalog({ server: database }))
catalogConformance(`${server.version}, one connection`, async () =>
  openPgCatalog({ server: database, poolSize: 1 }),
)
