import type { ImageLimits, JsonObject, ThumbnailFormat, ThumbnailSize } from '../../runtime/index.ts'

/** What the pipeline is made with, as `pipeline.schema.json` allows it and with every default filled in. */
export interface PhotoParameters {
  readonly thumbnail: ThumbnailSize
  readonly format: ThumbnailFormat
  readonly quality: number
  readonly title: string
  /** The longest side of what the gallery's pages show, and of what they open, in pixels. */
  readonly small: number
  readonly large: number
  readonly limits: Partial<ImageLimits>
}

interface RawParameters {
  readonly thumbnail?: { readonly ratio?: number | string; readonly fit?: readonly [number, number] }
  readonly format?: ThumbnailFormat
  readonly quality?: number
  readonly gallery?: { readonly title?: string; readonly small?: number; readonly large?: number }
  readonly limits?: {
    readonly megapixels?: number
    readonly megabytes?: number
    readonly pages?: number
    readonly seconds?: number
  }
}

/** Takes what the registry has checked against the schema. */
export function readParameters(parameters: JsonObject): PhotoParameters {
  const {
    thumbnail = {},
    format = 'jpeg',
    quality = 80,
    gallery = {},
    limits = {},
  } = parameters as RawParameters
  const { megapixels, megabytes = 128, pages, seconds } = limits
  return {
    thumbnail: thumbnail.fit ? { fit: thumbnail.fit } : { ratio: ratioOf(thumbnail.ratio ?? '1/3') },
    format,
    quality,
    title: gallery.title ?? 'Photos',
    small: gallery.small ?? 640,
    large: gallery.large ?? 2048,
    limits: {
      bytes: Math.round(megabytes * 1e6),
      ...(megapixels !== undefined && { pixels: Math.round(megapixels * 1e6) }),
      ...(pages !== undefined && { pages }),
      ...(seconds !== undefined && { seconds }),
    },
  }
}

/** `1/3` is a third to the last pixel, which no decimal fraction is. */
function ratioOf(ratio: number | string): number {
  if (typeof ratio === 'number') return ratio
  const [numerator, denominator] = ratio.split('/').map(Number) as [number, number]
  return numerator / denominator
}
