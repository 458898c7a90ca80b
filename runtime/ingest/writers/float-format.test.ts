import { describe, expect, it } from 'vitest'
import { floatFormatter } from './float-format.ts'

describe('floatFormatter', () => {
  // What Python 3 makes of them.
  it.each([
    ['%.1f', 0.25, '0.2'],
    ['%.0f', 2.5, '2'],
    ['%.0f', 0.5, '0'],
    ['%.0f', 1.5, '2'],
    ['%.2f', 1.125, '1.12'],
    ['%.1f', -0.25, '-0.2'],
    ['%.0f', -0.25, '-0'],
    ['%.0e', 0.25, '2e-01'],
    ['%.1e', 1.25, '1.2e+00'],
    ['%.2E', 1.125, '1.12E+00'],
    ['%.2g', 1.25, '1.2'],
  ])('%s of the tie %f goes to the even digit: %s', (format, value, text) => {
    expect(floatFormatter(format)(value)).toBe(text)
  })

  it.each([
    ['%.1f', 0.35, '0.3'],
    ['%.2f', 2.675, '2.67'],
    ['%.2e', 9.995, '9.99e+00'],
    ['%.2f', 1e22, '10000000000000000000000.00'],
    ['%.0f', 1e23, '99999999999999991611392'],
    ['%.110f', 0.1, `0.1000000000000000055511151231257827021181583404541015625${'0'.repeat(55)}`],
    ['%.0e', 5e-324, '5e-324'],
    ['%.0e', 9.5, '1e+01'],
    ['%.3g', 999.5, '1e+03'],
    ['%G', 1e-5, '1E-05'],
    ['%e', -0, '-0.000000e+00'],
    ['%g', -0, '-0'],
    ['<%8.2f>', -1.125, '<   -1.12>'],
    ['%08.2f', -1.125, '-0001.12'],
    ['%06.1f', Number.NEGATIVE_INFINITY, '-00inf'],
    ['%G', Number.POSITIVE_INFINITY, 'INF'],
  ])('%s of %d is of the exact binary value: %s', (format, value, text) => {
    expect(floatFormatter(format)(value)).toBe(text)
  })

  it.each(['%d', '%.9999f', '%s', '.2f', '%.2f%.2f', '%-8.2f'])('refuses %j', (format) => {
    expect(() => floatFormatter(format)).toThrow(`float_format "${format}" is not supported`)
  })
})
