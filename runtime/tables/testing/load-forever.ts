/**
 * Loads one file into a server's table over and over, as a process that tests kill: arguments are the server as JSON, the
 * configuration and the files, of which it takes one after the other. Says `ready` before it begins.
 */
import { readFileSync } from 'node:fs'
import { openPgCatalog } from '../../catalog/pg-catalog.ts'
import type { PgServer } from '../../catalog/pg-server.ts'
import { createPostgresSink } from '../postgres-sink.ts'
import { testLoad } from './sink-load.ts'

const [server, config, ...files] = process.argv.slice(2) as [string, string, ...string[]]
const catalog = openPgCatalog({ server: JSON.parse(server) as PgServer })
const sink = createPostgresSink(catalog)
console.log('ready')
for (let turn = 0; ; turn++) {
  const content = readFileSync(files[turn % files.length] as string, 'utf8')
  const load = testLoad(readFileSync(config, 'utf8'), { 'in/persons.csv': content }, { epoch: turn })
  await sink.load(load.request)
  load.remove()
}
