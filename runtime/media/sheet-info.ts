/** What is counted of one sheet: up to the last row and column that hold a value. */
export interface SheetInfo {
  readonly numRows: number
  readonly numColumns: number
  readonly hasHeader: boolean
}

/** The sheets of a spreadsheet by name, in their order, and what is counted of the first that has cells. */
export interface WorkbookInfo extends SheetInfo {
  readonly sheetNames: readonly string[]
}

/** What Excel and LibreOffice can hold; more rows or columns than this are a lie. */
export const maxSheetRows = 1_048_576
export const maxSheetColumns = 16_384
