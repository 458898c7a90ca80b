import { InputError } from '../errors.ts'
import type { VideoOptions } from './video-metadata.ts'

/**
 * One frame as a PNG, upright, at its own size: the one shown at `atSeconds`, or where that cannot be decoded the first
 * that can. @throws InputError when the file has no frame; ProgramError when ffmpeg is not installed; TimeoutError;
 * AbortedError
 */
export async function videoFrame(
  path: string,
  atSeconds: number,
  options: VideoOptions = {},
): Promise<Uint8Array> {
  throw new InputError(`not yet ${atSeconds} ${options.timeoutMs}`, { place: { file: path } })
}
