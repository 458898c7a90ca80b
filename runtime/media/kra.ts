import type { InputFile } from '../contracts.ts'
import { inputProblem } from './bounded-file.ts'
import { readXml } from './bounded-xml.ts'
import { boundedZip } from './bounded-zip.ts'
import type { MediaLimits } from './media-limits.ts'
import type { PictureInfo } from './picture-info.ts'

/** By Krita's names of colour spaces. All have an alpha channel, which Pillow's CMYK and LAB have no word for. */
const modes: Readonly<Record<string, string>> = {
  RGBA: 'RGBA',
  RGBA16: 'RGBA;16',
  RGBAF16: 'RGBA;16F',
  RGBAF32: 'RGBA;32F',
  GRAYA: 'LA',
  GRAYAU16: 'LA;16',
  GRAYAF16: 'LA;16F',
  GRAYAF32: 'LA;32F',
  CMYK: 'CMYK',
  CMYKAU16: 'CMYK;16',
  CMYKAF32: 'CMYK;32F',
  LABAU8: 'LAB',
  LABA: 'LAB;16',
  LABAF32: 'LAB;32F',
}
/** From the whole picture at its own size to a small one. */
const previews = ['mergedimage.png', 'preview.png']
const maxPreviewBytes = 256 * 2 ** 20

/** Size and colours of a Krita document, by its `maindoc.xml`. @throws InputError */
export async function readKra(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<PictureInfo> {
  const zip = await boundedZip(file, limits, signal)
  let image: Readonly<Record<string, string>> | undefined
  await readXml(zip.member('maindoc.xml'), `${file.name}/maindoc.xml`, {
    open: (name, attributes) => {
      if (name === 'IMAGE') image ??= attributes
    },
  })
  const [width, height] = [Number(image?.width), Number(image?.height)]
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width < 1 || height < 1) {
    throw inputProblem(file.name, 'has no IMAGE with a width and a height in its maindoc.xml')
  }
  return { width, height, mode: modes[image?.colorspacename ?? ''] }
}

/** The picture that Krita keeps for other programs, as a PNG. @throws InputError */
export async function kraPreview(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const zip = await boundedZip(file, limits, signal)
  const name = previews.find((preview) => zip.names.has(preview))
  return name === undefined ? undefined : zip.whole(name, maxPreviewBytes)
}
