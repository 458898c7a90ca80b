import { makeThumbnail } from '../../runtime/index.ts'
import { blendFile } from './sample-blend.ts'
import { pdf, png, vdb, wav } from './sample-files.ts'
import { animaticMp4 } from './sample-video.ts'

/** A small production: two shows, every kind of file, two sequences, and a file that is not what its name says. */
export async function demoInputs(): Promise<{ site: string; name: string; content: Uint8Array | string }[]> {
  const frames = Array.from({ length: 12 }, (_, i) => i + 1)
  const beauty = await Promise.all([...frames, 20].map((frame) => picture(harbour(frame))))
  const files: [name: string, content: Uint8Array | string][] = [
    ['shows/harbour/characters/gull_diffuse_v002.png', await picture(gull('#f4f1de', '#e07a5f'))],
    ['shows/harbour/characters/gull_normal_v002.png', await picture(gull('#8080ff', '#a0a0ff'))],
    ['shows/harbour/characters/gull_rough.png', png(64, 64, 180, true)],
    ...[...frames, 20].map((frame, i): [string, Uint8Array] => [
      `shows/harbour/shots/010/beauty_${String(frame).padStart(4, '0')}.png`,
      beauty[i] as Uint8Array,
    ]),
    ...[1, 2, 3, 4, 5, 6].map((frame): [string, Uint8Array] => [
      `shows/harbour/shots/010/spray_00${frame}.vdb`,
      vdb(frame),
    ]),
    ['shows/harbour/scenes/harbour_v003.blend', harbourScene()],
    ['shows/harbour/edit/animatic_v2.mp4', Buffer.from(animaticMp4, 'base64')],
    ['shows/harbour/sound/waves.wav', wav(24_000)],
    ['shows/tide/design/lighthouse.svg', harbour(6)],
    ['shows/tide/docs/brief.pdf', pdf(3)],
    ['shows/tide/docs/notes.md', '# Tide\n\nThe light comes from the left, always.\n'],
    ['shows/tide/docs/shots.csv', 'shot,frames,artist\n010,12,ada\n020,48,bruno\n'],
    ['simulation/flag.bphys', Buffer.concat([Buffer.from('BPHYSICS'), Buffer.alloc(24)])],
    ['tools/publish.py', '#!/usr/bin/env python3\nprint("published")\n'],
    ['tools/water.glsl', 'void main() {\n  gl_FragColor = vec4(0.1, 0.3, 0.5, 1.0);\n}\n'],
    ['archive/layout.xyz', 'from a program that nobody remembers\n'],
    ['incoming/broken.png', 'Half of an upload, and not the first half.\n'],
  ]
  return files.map(([name, content]) => ({ site: 'main', name, content }))
}

async function picture(svg: string): Promise<Uint8Array> {
  const { bytes } = await makeThumbnail(Buffer.from(svg), { size: { ratio: 1 }, format: 'png' })
  return bytes
}

const svg = (width: number, height: number, content: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${content}</svg>`

/** A boat that sails into the harbour, a little further in each frame. */
function harbour(frame: number): string {
  const x = 20 + frame * 14
  return svg(
    320,
    180,
    `<rect width="320" height="110" fill="#f4a259"/><rect y="110" width="320" height="70" fill="#0b2545"/>
     <circle cx="250" cy="105" r="34" fill="#f9dcc4"/><rect x="286" y="40" width="14" height="72" fill="#eef4ed"/>
     <path d="M${x} 112 h52 l-10 16 h-32 z" fill="#8da9c4"/><path d="M${x + 25} 110 v-46 l24 40 z" fill="#eef4ed"/>`,
  )
}

function gull(body: string, beak: string): string {
  return svg(
    256,
    256,
    `<rect width="256" height="256" fill="#3d405b"/>
     <path d="M20 110 q60 -70 108 20 q48 -90 108 -20 q-70 -20 -108 70 q-38 -90 -108 -70" fill="${body}"/>
     <path d="M120 150 l8 34 l8 -34 z" fill="${beak}"/>`,
  )
}

/** With a preview that fades from the sea to the sky. */
function harbourScene(): Buffer {
  const side = 128
  const pixels = new Uint8Array(side * side * 4)
  for (let i = 0; i < side * side; i++) {
    const share = Math.floor(i / side) / side
    pixels.set([244 - 233 * share, 162 - 125 * share, 89 - 20 * share, 255], i * 4)
  }
  return blendFile({
    endFrame: 120,
    framesPerSecond: 24,
    width: 1920,
    height: 1080,
    engine: 'CYCLES',
    objects: [1, 1, 1, 1, 10, 10, 11],
    preview: { width: side, height: side, pixels },
  })
}
