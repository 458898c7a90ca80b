import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { TopLevelSpec } from 'vega-lite'
import { InputError } from '../errors.ts'

/**
 * Draws a Vega-Lite specification into a file: SVG, or PNG at twice the size in pixels, by the ending of `path`. The
 * same specification gives the same SVG. A PNG's text is drawn with the machine's own sans-serif font.
 * @throws InputError for another ending, and for a PNG where the machine has no font
 */
export async function savePlot(spec: TopLevelSpec, path: string): Promise<void> {
  const extension = extname(path).toLowerCase()
  if (extension !== '.svg' && extension !== '.png') {
    throw new InputError(`${path}: a plot is saved as .svg or .png, not ${JSON.stringify(extension)}`)
  }
  const svg = await drawSvg(spec)
  await writeFile(path, extension === '.svg' ? svg : await drawPng(svg))
}

/** One at a time: what is defined in a picture is numbered by a counter that all pictures share. */
let drawing: Promise<unknown> = Promise.resolve()

function drawSvg(spec: TopLevelSpec): Promise<string> {
  const drawn = drawing.then(async () => {
    // Loaded when there is something to draw: most runs draw nothing.
    const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')])
    const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none', logLevel: vega.Error })
    try {
      vega.resetSVGDefIds()
      return await view.toSVG()
    } finally {
      view.finalize()
    }
  })
  drawing = drawn.catch(() => undefined)
  return drawn
}

const scale = 2
const dotsPerInch = 72

async function drawPng(svg: string): Promise<Buffer> {
  const { default: sharp } = await import('sharp')
  // Without a font each letter is drawn as the same empty box.
  const [a, b] = await Promise.all(
    ['A', 'i'].map((text) =>
      sharp(Buffer.from(letter(text)))
        .raw()
        .toBuffer(),
    ),
  )
  if (!a || !b || a.equals(b)) {
    throw new InputError(
      'a PNG needs a font for its text, and this machine has none: install one (Debian: fonts-dejavu-core), or save the plot as .svg',
    )
  }
  return sharp(Buffer.from(svg), { density: dotsPerInch * scale })
    .png({ compressionLevel: 9 })
    .toBuffer()
}

const letter = (text: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect width="20" height="20" fill="white"/><text x="2" y="15" font-family="sans-serif" font-size="14">${text}</text></svg>`
