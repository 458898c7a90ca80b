import { InputError } from '../errors.ts'
import { ffmpegStart, fileUrl, guardVideo } from './ffmpeg-arguments.ts'
import { blameInput } from './ffmpeg-failure.ts'
import { runProgram } from './run-program.ts'
import type { VideoOptions } from './video-limits.ts'
import { defaultTimeoutMs } from './within-time.ts'

/** Larger frames are made smaller: what they are wanted for is smaller still. */
const maxEdge = 2048
const maxOutputBytes = 64 * 1024 * 1024

/** Square pixels first, then the size. */
const frameFilter = [
  'scale=w=iw*max(sar\\,1):h=ih/min(if(sar\\,sar\\,1)\\,1)',
  'setsar=1',
  `scale=w=min(${maxEdge}\\,iw):h=min(${maxEdge}\\,ih):force_original_aspect_ratio=decrease`,
].join(',')

/**
 * One frame as a PNG, upright, with square pixels and edges of at most 2048: the one shown at `atSeconds`, or where that
 * cannot be decoded the first that can. @throws InputError when the file has no frame that can be decoded; ProgramError
 * when ffmpeg is not installed; TimeoutError; AbortedError
 */
export async function videoFrame(
  path: string,
  atSeconds: number,
  options: VideoOptions = {},
): Promise<Uint8Array> {
  const { name: file = path } = options
  let cause: unknown
  for (const seconds of atSeconds > 0 ? [atSeconds, 0] : [0]) {
    try {
      const frame = await decodeFrame(path, seconds, options)
      if (frame.length > 0) return frame
    } catch (error) {
      const blamed = blameInput(error, path, file)
      if (!(blamed instanceof InputError)) throw blamed
      cause = blamed
    }
  }
  if (cause !== undefined) throw cause
  throw new InputError('has no frame that can be decoded', { place: { file } })
}

async function decodeFrame(path: string, seconds: number, options: VideoOptions): Promise<Uint8Array> {
  const { signal, timeoutMs = defaultTimeoutMs, searchPath, limits } = options
  const args = [
    ...ffmpegStart,
    ['-threads', '2', '-ss', seconds.toFixed(3), ...guardVideo(limits), '-i', fileUrl(path)],
    // `V`: no cover pictures.
    ['-map', '0:V:0', '-frames:v', '1', '-vf', frameFilter],
    ['-f', 'image2pipe', '-c:v', 'png', '-pix_fmt', 'rgb24', 'pipe:1'],
  ].flat()
  return (await runProgram('ffmpeg', args, { signal, timeoutMs, searchPath, maxOutputBytes })).stdout
}
