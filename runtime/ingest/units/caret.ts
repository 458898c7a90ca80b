/** Where an exponent follows a letter or `)` at once, but for the exponent of a number such as `1e-3`. */
const missingCaret = /(?<=[A-Za-z)])(?<![0-9-][eE])(?=[0-9-])/g

/** Unit text with the carets that CF leaves out: `m2 s-2` becomes `m^2 s^-2`. Blanks around it go. */
export function withCarets(text: string): string {
  return text.trim().replace(missingCaret, '^')
}
