import { describe, expect, it } from 'vitest'
import { decodeVariable } from './cf-decode.ts'
import type { Variable } from './dataset.ts'
import { TextArray } from './text-array.ts'

const options = { decodeTimes: true, maskAndScale: true, reuse: false }

function texts(data: TextArray, encoding: string): Variable {
  const attrs = new Map([
    ['_Encoding', encoding],
    ['units', '1'],
  ])
  return { dims: ['time'], shape: [data.length], dtype: 'str', data, attrs, encoding: {} }
}
const read = (variable: Variable): string[] => [...(decodeVariable('v', variable, options).data as TextArray)]

describe('the encoding that xarray notes beside arrays of characters', () => {
  it('goes from the attributes, where xarray fails on it in a file of texts', () => {
    const variable = texts(TextArray.from(['a', undefined, 'é']), 'utf-8')
    expect([...decodeVariable('v', variable, options).attrs.keys()]).toEqual(['units'])
    expect(read(variable)).toEqual(['a', '', 'é'])
  })

  it('is how the texts are read', () => {
    const latin = new TextArray(Uint8Array.of(0x61, 0xb0, 0x43), Uint32Array.of(0, 1, 3))
    expect(read(texts(latin, 'iso-8859-1'))).toEqual(['a', '°C'])
    expect(() => read(texts(latin, 'klingon'))).toThrow(/^v: its texts are in the encoding "klingon"/)
  })
})
