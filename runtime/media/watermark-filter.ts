/** Where a watermark may stand in the picture. */
export const watermarkPositions = [
  'top-left',
  'top',
  'top-right',
  'left',
  'center',
  'right',
  'bottom-left',
  'bottom',
  'bottom-right',
] as const
export type WatermarkPosition = (typeof watermarkPositions)[number]

/** Pixels of the picture as it is shown, or a share of the picture's width, such as `20%`. */
export type WatermarkLength = number | `${number}%`

export interface WatermarkPlacement {
  readonly position: WatermarkPosition
  /** From the edges that it stands at. None unless given. */
  readonly margin?: WatermarkLength | undefined
  /** As wide as the image unless given; its height follows. */
  readonly width?: WatermarkLength | undefined
  /** Above 0, up to 1. */
  readonly opacity?: number | undefined
}

export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** A video's picture as it is shown, and how its stored pixels are shaped (see `VideoMetadata`). */
export interface Picture extends PictureSize {
  readonly pixelAspectRatio: number
}

/** How large the watermark is in a picture as it is shown, in whole pixels, and its distance from the edges. */
export function watermarkSize(
  placement: WatermarkPlacement,
  picture: PictureSize,
  image: PictureSize,
): PictureSize & { readonly margin: number } {
  const width =
    placement.width === undefined ? image.width : Math.max(1, pixelsOf(placement.width, picture.width))
  const height = Math.max(1, Math.round((image.height * width) / image.width))
  return { width, height, margin: pixelsOf(placement.margin ?? 0, picture.width) }
}

/**
 * The filter graph of ffmpeg that lays image 1 over video 0 and calls the result `out`. In the centre, with the image's
 * own size and opacity, it is `overlay=(main_w-overlay_w)/2:(main_h-overlay_h)/2`.
 */
export function watermarkFilter(placement: WatermarkPlacement, picture: Picture, image: PictureSize): string {
  const { width, height, margin } = watermarkSize(placement, picture, image)
  // Of a stored pixel, how much each shown one is: the overlay happens before pixels are stretched for showing.
  const across = picture.pixelAspectRatio > 1 ? 1 / picture.pixelAspectRatio : 1
  const down = picture.pixelAspectRatio < 1 ? picture.pixelAspectRatio : 1
  const stored = {
    width: Math.max(1, Math.round(width * across)),
    height: Math.max(1, Math.round(height * down)),
  }
  const isScaled = stored.width !== image.width || stored.height !== image.height
  const { opacity = 1 } = placement
  const prepared = [
    ...(isScaled ? [`scale=${stored.width}:${stored.height}`] : []),
    ...(opacity < 1 ? ['format=rgba', `colorchannelmixer=aa=${opacity}`] : []),
  ]
  const x = along(placement.position, 'left', 'right', 'w', Math.round(margin * across))
  const y = along(placement.position, 'top', 'bottom', 'h', Math.round(margin * down))
  const overlay = `overlay=${x}:${y}`
  return prepared.length === 0
    ? `[0:V:0][1:v:0]${overlay}[out]`
    : `[1:v:0]${prepared.join(',')}[mark];[0:V:0][mark]${overlay}[out]`
}

/** Where it begins along one side of the picture. */
function along(
  position: WatermarkPosition,
  near: string,
  far: string,
  side: 'w' | 'h',
  margin: number,
): string {
  const edges = position.split('-')
  if (edges.includes(near)) return String(margin)
  if (edges.includes(far)) return `main_${side}-overlay_${side}${margin === 0 ? '' : `-${margin}`}`
  return `(main_${side}-overlay_${side})/2`
}

function pixelsOf(length: WatermarkLength, whole: number): number {
  return typeof length === 'number'
    ? Math.round(length)
    : Math.round((whole * Number.parseFloat(length)) / 100)
}
