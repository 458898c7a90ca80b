import { commentEnd } from './sql-text.ts'

/** What may hold a `;` that ends no statement: quoted text and names, dollar quotes, comments. */
const opening = /'|"|\$[A-Za-z_\u0080-\uffff]*[\w\u0080-\uffff]*\$|--|\/\*|;/g

/**
 * The statements of a script, without the `;` between them and without empty ones. For scripts of our own, which have
 * no `E'…'` texts with escaped quotes and no functions with `begin atomic`.
 */
export function splitStatements(script: string): string[] {
  const statements: string[] = []
  let start = 0
  opening.lastIndex = 0
  for (let match = opening.exec(script); match; match = opening.exec(script)) {
    if (match[0] === ';') {
      statements.push(script.slice(start, match.index))
      start = opening.lastIndex
    } else opening.lastIndex = endOf(script, match[0], match.index)
  }
  statements.push(script.slice(start))
  return statements.map((statement) => statement.trim()).filter((statement) => !isEmpty(statement))
}

/** Where what opens at `at` ends. */
function endOf(script: string, mark: string, at: number): number {
  if (mark === '/*') return at + commentEnd(script.slice(at))
  const closing = mark === '--' ? '\n' : mark
  const end = script.indexOf(closing, at + mark.length)
  return end < 0 ? script.length : end + closing.length
}

function isEmpty(statement: string): boolean {
  return statement.replace(/--.*$/gm, '').trim() === ''
}
