import { describe, expect, it } from 'vitest'
import { parseSize } from './size.ts'

describe('parseSize', () => {
  it.each([
    ['512 MB', 512],
    ['2 GB', 2048],
    ['1.5 GiB', 1536],
    ['0.5 GB', 512],
    ['1024 MiB', 1024],
  ])('%s is %d MB', (text, megabytes) => {
    expect(parseSize(text)).toEqual({ value: megabytes })
  })

  it.each([
    ['1024', '"1024" has no unit; write a number and MB or GB'],
    ['2GB', 'did you mean "2 GB"?'],
    ['2 gb', 'did you mean "2 GB"?'],
    ['2 g', 'did you mean "2 GB"?'],
    ['5 KB', 'is not a size'],
    ['-1 MB', 'is not a size'],
    ['0.3 MB', 'is not a whole number of MB'],
    ['1.0001 GB', 'is not a whole number of MB'],
    ['', 'is not a size'],
  ])('refuses %j: %s', (text, problem) => {
    expect(parseSize(text)).toEqual({ problem: expect.stringContaining(problem) })
  })
})
