/** The inputs hold no row: there is nothing to load, and no table is emptied for it. */
export class NoRowsError extends Error {
  override readonly name = 'NoRowsError'
}
