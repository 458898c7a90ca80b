import { makeThumbnail, type ThumbnailFormat } from '../../runtime/index.ts'
import { withExif } from './exif-segment.ts'
import { drawScene } from './sample-scenes.ts'

/** Six photos, of which one was taken with the camera turned, and two files that only their names make photos. */
export async function demoInputs(): Promise<{ site: string; name: string; content: Uint8Array | string }[]> {
  const photos = {
    'coast/golden hour.jpg': withExif(await picture(drawScene('dusk')), 1),
    // Stored lying, with a note to turn it: what a camera does that is held upright.
    'coast/pier (upright).jpg': withExif(await picture(lying(drawScene('pier'))), 6),
    'alps_panorama.JPG': withExif(await picture(drawScene('alps')), 1),
    'night-sky.png': await picture(drawScene('night'), 'png'),
    'desert & dunes.jpg': await picture(drawScene('desert')),
    // Told by its content: it has no extension.
    'forest morning': await picture(drawScene('forest'), 'webp'),
    'empty.jpg': '',
    'notes.jpg': 'Not a photo, whatever it is called.\n',
  }
  return Object.entries(photos).map(([name, content]) => ({ site: 'main', name, content }))
}

async function picture(svg: string, format: ThumbnailFormat = 'jpeg'): Promise<Uint8Array> {
  const { bytes } = await makeThumbnail(Buffer.from(svg), { size: { ratio: 1 }, format, quality: 88 })
  return bytes
}

/** An upright drawing, turned to the left onto its side. */
function lying(svg: string): string {
  return svg
    .replace(
      /width="(\d+)" height="(\d+)">/,
      (_, width: string, height: string) =>
        `width="${height}" height="${width}"><g transform="translate(0 ${width}) rotate(-90)">`,
    )
    .replace('</svg>', '</g></svg>')
}
