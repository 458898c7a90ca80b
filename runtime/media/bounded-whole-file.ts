import { readFile, stat } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import type { MediaLimits } from './media-limits.ts'

/** A file that its parser must have in one piece. @throws InputError when it is larger than allowed */
export async function readWhole(path: string, { wholeFileBytes }: MediaLimits): Promise<Buffer> {
  const { size } = await stat(path)
  if (size > wholeFileBytes) {
    throw new InputError(`has ${size} bytes: at most ${wholeFileBytes} of its kind are read`)
  }
  return readFile(path)
}
