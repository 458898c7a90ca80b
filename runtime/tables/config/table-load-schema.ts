import type { JsonObject } from '../../contracts.ts'
import { recordSchema } from '../../ingest/config/shape-schema.ts'
import { tableLoadFields } from './table-load-fields.ts'

/** The JSON Schema (draft-07) of a table load's configuration, for editors; made of what the checks are made of. */
export function tableLoadSchema(): JsonObject {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Sluice table load',
    ...recordSchema(tableLoadFields),
  }
}
