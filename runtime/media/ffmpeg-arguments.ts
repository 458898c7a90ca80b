import { defaultMaxPixels, type VideoLimits } from './video-limits.ts'

/** The containers that are read, by ffmpeg's names: none that names other files, as playlists do. */
const demuxers = 'mov,matroska,avi,flv,asf,mpegts,mpeg,ogg,mxf,dv'

/** One allocation of ffmpeg's is at most this large; a frame of the most pixels allowed fits. */
const maxAllocBytes = 512 * 1024 * 1024

/** Quiet but for errors; nobody answers questions. */
export const ffmpegStart: readonly string[] = [
  '-nostdin',
  '-hide_banner',
  '-loglevel',
  'error',
  '-max_alloc',
  String(maxAllocBytes),
]

/** What ffmpeg and ffprobe may do with an untrusted video: read this file and no other, of a known container. */
export function guardVideo(limits: VideoLimits = {}): string[] {
  return [
    ['-protocol_whitelist', 'file', '-format_whitelist', demuxers],
    ['-max_pixels', String(limits.maxPixels ?? defaultMaxPixels)],
  ].flat()
}

/** A path such that ffmpeg sees nothing else in it: an option, a protocol or a pattern. */
export function fileUrl(path: string): string {
  return `file:${path}`
}
