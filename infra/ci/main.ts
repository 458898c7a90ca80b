/** What the workflows of `.github/workflows` call: `tsx infra/ci/main.ts <command>`; see `commands.ts`. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isSluiceError } from '../../runtime/errors.ts'
import { parseCommand, runCommand } from './commands.ts'

try {
  await runCommand(parseCommand(process.argv.slice(2)), {
    projectRoot: path.resolve(import.meta.dirname, '..', '..'),
    variables: process.env,
    now: () => new Date(),
    sleep,
    log: (line) => process.stdout.write(`${line}\n`),
  })
} catch (error) {
  // What the user or the service can change is told in its words alone.
  const isExpected = isSluiceError(error, 'config', 'usage', 'store')
  process.stderr.write(`${isExpected ? error.message : ((error as Error).stack ?? String(error))}\n`)
  process.exitCode = isExpected ? 1 : 70
}
