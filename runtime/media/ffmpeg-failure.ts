import { InputError } from '../errors.ts'
import { fileUrl } from './ffmpeg-arguments.ts'
import { ProgramError } from './program-error.ts'

/**
 * What ffmpeg says of a file that is at fault itself. From its source: AVERROR texts, and what its demuxers and its
 * main program print before they give up.
 */
const inputFaults =
  /Invalid data found|moov atom not found|not on whitelist|not on the whitelist|exceeds specified max pixel|could not find codec parameters|Could not find tag|End of file|Decoder \(codec [^)]*\) not found|no decoder found|Unknown decoder|matches no streams|does not contain any stream|Nothing was written|Output file is empty|Error while decoding|Invalid NAL|Invalid argument|Operation not permitted|is not in allowed_segment_extensions|unspecified size|Not yet implemented|Protocol not found/i

/** Why a run of ffmpeg or ffprobe on `path` failed: an InputError where its file is to blame, else as it was. */
export function blameInput(error: unknown, path: string, file: string): unknown {
  if (!(error instanceof ProgramError) || error.failure.kind !== 'exit') return error
  const lines = error.lastLines.map((line) => withoutPath(line, path, file))
  const text = lines.join('\n')
  if (!inputFaults.test(text)) return error
  return new InputError(faultOf(lines), { place: { file }, cause: error })
}

function faultOf(lines: readonly string[]): string {
  if (lines.some((line) => /^Stream map .* matches no streams/.test(line))) return 'has no video stream'
  return `cannot be read as a video: ${reasonOf(lines)}`
}

function reasonOf(lines: readonly string[]): string {
  const refused = lines
    .map((line) => /^\[(\S+) @ [^\]]*\] Format not on whitelist/.exec(line)?.[1])
    .find(Boolean)
  if (refused) return `its content is of the format ${refused}, which is not allowed`
  return lines.map((line) => line.replace(/^\[(\S+) @ 0x[0-9a-f]+\] /, '')).join('; ')
}

/** ffmpeg's lines without the scratch path that it knows the file by. */
function withoutPath(line: string, path: string, file: string): string {
  return line.replaceAll(fileUrl(path), file).replaceAll(path, file)
}
