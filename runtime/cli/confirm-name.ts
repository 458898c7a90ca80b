import { createInterface } from 'node:readline/promises'
import { UsageError } from '../errors.ts'

export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream
}

/**
 * Has a stack's name said twice before it goes: as `yes`, or typed where somebody can be asked.
 * @throws UsageError unless it is that name
 */
export async function confirmName(
  stack: string,
  yes: string | undefined,
  { input, output }: Terminal,
): Promise<void> {
  if (yes !== undefined) {
    if (yes === stack) return
    throw new UsageError(`--yes ${yes} is not the stack that --stack names, ${stack}: nothing was deleted`)
  }
  if (!input.isTTY) {
    throw new UsageError(`nobody can be asked here: say --yes ${stack} to take the stack down`)
  }
  const lines = createInterface({ input, output })
  const answer = await new Promise<string>((resolve, reject) => {
    // Ctrl-C and Ctrl-D end the questions, and are no yes.
    lines.once('close', () => resolve(''))
    lines.question(`\nType ${stack} to delete all of this: `).then(resolve, reject)
  })
  lines.close()
  if (answer.trim() !== stack) throw new UsageError('that is not its name: nothing was deleted')
}
