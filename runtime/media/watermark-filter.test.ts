import { describe, expect, it } from 'vitest'
import { watermarkFilter, watermarkPositions, watermarkSize } from './watermark-filter.ts'

const hd = { width: 1280, height: 720, pixelAspectRatio: 1 }
const image = { width: 320, height: 120 }
const overlayOf = (placement: Parameters<typeof watermarkFilter>[0]) => watermarkFilter(placement, hd, image)

describe('watermarkFilter', () => {
  it('in the centre is what the system that it replaces had', () => {
    expect(overlayOf({ position: 'center' })).toBe(
      '[0:V:0][1:v:0]overlay=(main_w-overlay_w)/2:(main_h-overlay_h)/2[out]',
    )
  })

  it('knows every position', () => {
    const found = watermarkPositions.map((position) => [
      position,
      /overlay=(.*)\[out\]/.exec(overlayOf({ position, margin: 16 }))?.[1],
    ])
    const [middleX, middleY] = ['(main_w-overlay_w)/2', '(main_h-overlay_h)/2']
    const [right, bottom] = ['main_w-overlay_w-16', 'main_h-overlay_h-16']
    expect(found).toEqual([
      ['top-left', '16:16'],
      ['top', `${middleX}:16`],
      ['top-right', `${right}:16`],
      ['left', `16:${middleY}`],
      ['center', `${middleX}:${middleY}`],
      ['right', `${right}:${middleY}`],
      ['bottom-left', `16:${bottom}`],
      ['bottom', `${middleX}:${bottom}`],
      ['bottom-right', `${right}:${bottom}`],
    ])
  })

  it('scales and fades the image before it is laid over', () => {
    expect(overlayOf({ position: 'bottom-right', width: '20%', opacity: 0.5, margin: '2.5%' })).toBe(
      '[1:v:0]scale=256:96,format=rgba,colorchannelmixer=aa=0.5[mark];[0:V:0][mark]overlay=main_w-overlay_w-32:main_h-overlay_h-32[out]',
    )
    expect(overlayOf({ position: 'top-left', width: 320, opacity: 1 })).toBe('[0:V:0][1:v:0]overlay=0:0[out]')
  })

  it('squeezes it where pixels are stretched for showing', () => {
    const wide = watermarkFilter({ position: 'top-left', margin: 20 }, { ...hd, pixelAspectRatio: 2 }, image)
    expect(wide).toBe('[1:v:0]scale=160:120[mark];[0:V:0][mark]overlay=10:20[out]')
    const high = watermarkFilter(
      { position: 'top-left', margin: 20 },
      { ...hd, pixelAspectRatio: 0.5 },
      image,
    )
    expect(high).toBe('[1:v:0]scale=320:60[mark];[0:V:0][mark]overlay=20:10[out]')
  })

  it('never makes it smaller than a pixel', () => {
    expect(watermarkSize({ position: 'top', width: '1%' }, { width: 20, height: 20 }, image)).toEqual({
      width: 1,
      height: 1,
      margin: 0,
    })
  })
})
