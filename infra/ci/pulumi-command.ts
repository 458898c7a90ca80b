import { spawn } from 'node:child_process'
import { StoreError } from '../../runtime/errors.ts'

/** The `pulumi` command in a project's folder. */
export interface Pulumi {
  /** Runs it and shows what it prints. @throws StoreError when it ends with another status than 0 */
  run(args: readonly string[]): Promise<void>
  /** Runs it and gives what it prints and how it ended. */
  read(
    args: readonly string[],
  ): Promise<{ readonly code: number; readonly stdout: string; readonly all: string }>
}

/** As found on PATH. Signals that end this process are passed on, so that it can give back its lock. */
export function pulumiCommand(
  folder: string,
  variables: Readonly<Record<string, string | undefined>>,
  command = 'pulumi',
): Pulumi {
  function start(args: readonly string[], isShown: boolean) {
    const child = spawn(command, [...args, '--non-interactive', '--color', 'never'], {
      cwd: folder,
      stdio: isShown ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      env: {
        ...variables,
        PULUMI_SKIP_UPDATE_CHECK: 'true',
        PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: 'true',
      },
    })
    const pass = (signal: NodeJS.Signals) => child.kill(signal)
    process.on('SIGINT', pass)
    process.on('SIGTERM', pass)
    const text = { stdout: '', all: '' }
    child.stdout?.on('data', (chunk: Buffer) => {
      text.stdout += chunk.toString()
      text.all += chunk.toString()
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      text.all += chunk.toString()
    })
    return new Promise<{ code: number; stdout: string; all: string }>((resolve, reject) => {
      child.on('error', (cause) =>
        reject(new StoreError(`${command} cannot be started: ${cause.message}`, { cause })),
      )
      child.on('close', (code) => resolve({ code: code ?? 1, ...text }))
    }).finally(() => {
      process.off('SIGINT', pass)
      process.off('SIGTERM', pass)
    })
  }
  return {
    async run(args) {
      const { code } = await start(args, true)
      if (code !== 0) throw new StoreError(`pulumi ${args.slice(0, 2).join(' ')} ended with status ${code}`)
    },
    read: (args) => start(args, false),
  }
}
