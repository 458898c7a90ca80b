import { version } from '../local/version.ts'

process.stdout.on('error', onLostOutput)
process.stderr.on('error', onLostOutput)

// Scripts ask for the version often: nothing else is loaded to answer.
if (process.argv.length === 3 && ['--version', '-V'].includes(process.argv[2] as string)) {
  process.stdout.write(`${version}\n`)
} else {
  const { runProgram } = await import('./program.ts')
  await runProgram()
}

/**
 * Whoever read the output may have seen enough (`sluice plan | head`): what is under way goes on, and its exit status
 * counts. Output that is lost otherwise, as on a full disk, is a failure.
 */
function onLostOutput(this: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  if (this !== process.stderr) process.stderr.write(`the output could not be written: ${error.message}\n`)
  process.on('exit', () => {
    process.exitCode = 70
  })
}
