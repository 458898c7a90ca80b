import { StringDecoder } from 'node:string_decoder'

/** How far ffmpeg has come, as `-progress` tells it. */
export interface FfmpegProgress {
  /** Of the output, in seconds. */
  readonly seconds: number
  /** How large the output is so far. */
  readonly bytes: number
}

/** Takes what ffmpeg writes for `-progress pipe:1`, in whatever pieces it comes, and calls back for each report in it. */
export function progressReader(onProgress: (progress: FfmpegProgress) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let [seconds, bytes] = [0, 0]
  return (chunk) => {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = (lines.pop() as string).slice(-1000)
    for (const line of lines) {
      const [key, value] = line.trim().split('=') as [string, string | undefined]
      const number = Number(value)
      // Before the first frame both are N/A.
      if (key === 'out_time_us' && Number.isFinite(number)) seconds = Math.max(seconds, number / 1e6)
      else if (key === 'total_size' && Number.isFinite(number)) bytes = number
      else if (key === 'progress') onProgress({ seconds, bytes })
    }
  }
}
