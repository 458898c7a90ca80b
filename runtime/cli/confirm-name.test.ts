import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { confirmName } from './confirm-name.ts'

const stack = 'feature-x-1234abcd'

/** A terminal at which somebody types this; `undefined`: closes it. */
function typed(text: string | undefined) {
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const output = new PassThrough()
  output.on('data', (chunk: Buffer) => {
    if (!chunk.toString().includes('to delete all of this')) return
    if (text === undefined) input.end()
    else input.write(`${text}\n`)
  })
  return { input, output }
}

describe('a name that is said twice', () => {
  it('is typed, or given', async () => {
    await confirmName(stack, undefined, typed(stack))
    await confirmName(stack, undefined, typed(`  ${stack} `))
    await confirmName(stack, stack, { input: new PassThrough(), output: new PassThrough() })
  })

  it.each(['', 'y', 'yes', 'prod', stack.toUpperCase(), `${stack}x`, undefined])(
    'is not %j',
    async (text) => {
      await expect(confirmName(stack, undefined, typed(text))).rejects.toThrow(
        'that is not its name: nothing was deleted',
      )
    },
  )

  it('is not another than was named first, nor to be had where nobody is', async () => {
    const nobody = { input: new PassThrough(), output: new PassThrough() }
    await expect(confirmName(stack, 'prod', nobody)).rejects.toThrow('--yes prod is not the stack')
    await expect(confirmName(stack, undefined, nobody)).rejects.toThrow(`say --yes ${stack}`)
  })
})
