import { version } from '../local/version.ts'

// Scripts ask for the version often: nothing else is loaded to answer.
if (process.argv.length === 3 && ['--version', '-V'].includes(process.argv[2] as string)) {
  process.stdout.write(`${version}\n`)
} else {
  const { runProgram } = await import('./program.ts')
  await runProgram()
}
