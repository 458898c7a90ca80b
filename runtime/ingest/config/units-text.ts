/** Where an exponent follows a letter or `)` at once, but for the exponent of a number such as `1e-3`. */
const missingCaret = /(?<=[A-Za-z)])(?<![0-9-][eE])(?=[0-9-])/g

/**
 * A unit as tsdat stores it: trimmed and, if it has a `^` anywhere, with one before every exponent: `m^2 s-1` becomes
 * `m^2 s^-1`, but `m2 s-1` stays as it is.
 */
export function storedUnits(units: string): string {
  const trimmed = units.trim()
  return trimmed.includes('^') ? trimmed.replace(missingCaret, '^') : trimmed
}
