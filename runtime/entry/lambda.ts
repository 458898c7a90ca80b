import os from 'node:os'
import { clock } from '../local/clock.ts'
import { version } from '../local/version.ts'
import { bundledClasses } from './bundled-classes.ts'
import { loadLambdaHandler } from './lambda-handler.ts'

/** The function of a planned run: Lambda calls it with the event of its trigger, or with an operator's. */
export const handler = await loadLambdaHandler({
  environment: process.env,
  projectRoot: import.meta.dirname,
  scratchRoot: os.tmpdir(),
  version,
  classes: bundledClasses,
  clock,
  write: (line) => process.stdout.write(`${line}\n`),
})
