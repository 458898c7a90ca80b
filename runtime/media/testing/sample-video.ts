import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'

/** Whether a program can be started here. */
export const hasProgram = (program: string) => spawnSync(program, ['-version']).error === undefined

export const hasFfmpeg = hasProgram('ffmpeg') && hasProgram('ffprobe')
/** For titles of what is skipped without it. */
export const needsFfmpeg = hasFfmpeg ? '' : ' (needs ffmpeg)'

const encoders = hasFfmpeg ? execFileSync('ffmpeg', ['-hide_banner', '-encoders'], { encoding: 'utf8' }) : ''
export const hasEncoder = (name: string) => encoders.includes(` ${name} `)

/** Calls ffmpeg as a user would, in `folder`. */
export function ffmpeg(folder: string, ...args: readonly string[]): void {
  execFileSync('ffmpeg', ['-y', '-nostdin', '-loglevel', 'error', ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** What ffprobe's JSON says of a file. */
export function ffprobe(file: string, ...args: readonly string[]): Probe {
  const shown = [
    '-v',
    'error',
    '-of',
    'json',
    ...(args.length > 0 ? args : ['-show_streams', '-show_format']),
  ]
  return JSON.parse(execFileSync('ffprobe', [...shown, file], { encoding: 'utf8' })) as Probe
}

export interface Probe {
  readonly streams: readonly Readonly<Record<string, string | number | undefined>>[]
  readonly format: Readonly<Record<string, string>>
  readonly packets: readonly { readonly pts_time: string; readonly stream_index: number }[]
}

/** A test picture of ffmpeg's, as input arguments. */
export const picture = (size = '320x180', rate = '25', seconds = 2) => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`,
]
/** One colour, on which everything shows. */
export const plain = (color: string, size = '320x180', seconds = 1, rate = '25') => [
  '-f',
  'lavfi',
  '-i',
  `color=c=${color}:size=${size}:rate=${rate}:duration=${seconds}`,
]
export const tone = (seconds = 2) => ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`]

/** The red, green and blue of every pixel of the frame at `seconds`, as it is shown. */
export function framePixels(file: string, seconds: number, width: number): FramePixels {
  const args = ['-v', 'error', '-ss', String(seconds), '-i', file, '-frames:v', '1']
  const bytes = execFileSync('ffmpeg', [...args, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'], {
    maxBuffer: 2 ** 28,
  })
  return {
    height: bytes.length / 3 / width,
    at: (x, y) => [...bytes.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)],
  }
}

export interface FramePixels {
  readonly height: number
  at(x: number, y: number): readonly number[]
}

/** Turns every frame for showing, clockwise, without encoding anew: what a telephone held upright writes. */
export function rotated(folder: string, from: string, to: string, degrees: number): void {
  const isOld = /ffmpeg version [n]?(?:[0-5]\.|\d{3}\b)/.test(
    execFileSync('ffmpeg', ['-version'], { encoding: 'utf8' }),
  )
  const counterclockwise = String((360 - degrees) % 360)
  if (isOld) ffmpeg(folder, '-i', from, '-c', 'copy', '-metadata:s:v', `rotate=${counterclockwise}`, to)
  else ffmpeg(folder, '-display_rotation', counterclockwise, '-i', from, '-c', 'copy', to)
}

/** The names and sizes of an MP4 file's boxes at its top, in their order. */
export function topBoxes(bytes: Uint8Array): string[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const names: string[] = []
  for (let at = 0; at + 8 <= view.length; ) {
    const short = view.readUInt32BE(at)
    names.push(view.toString('latin1', at + 4, at + 8))
    at += short === 1 ? Number(view.readBigUInt64BE(at + 8)) : short === 0 ? view.length : short
  }
  return names
}

/** The processes of this machine whose command line has `text` in it. */
export function processesWith(text: string): string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid,stat,args'], { encoding: 'utf8' })
  // What has ended but was not waited for runs no more.
  return (stdout ?? '').split('\n').filter((line) => line.includes(text) && !/^\s*\d+\s+Z/.test(line))
}

export const inFolder = (folder: string) => (name: string) => path.join(folder, name)
