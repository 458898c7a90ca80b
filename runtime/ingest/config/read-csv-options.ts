import type { Fields, Shape } from './shape.ts'
import {
  boolean,
  character,
  choice,
  count,
  either,
  integer,
  listOf,
  mapOf,
  nothing,
  record,
  strictText,
} from './shape.ts'

const column = either(integer, strictText)
const falsehood: Shape = { type: 'exact', value: false }
const compression = choice('infer', 'gzip', 'zip', 'zstd')
const marker = either(strictText, { type: 'number' })

/**
 * The options of `pandas.read_csv` that the CSV reader knows; others are refused, since what is ignored changes what
 * is read. None has a default here: leaving an option out is not always the same as giving pandas' default.
 */
export const readCsvOptions: Fields = {
  sep: {
    shape: strictText,
    description: 'Text between fields; more than one character is a regular expression.',
  },
  delimiter: { shape: strictText, description: 'Another name of `sep`.' },
  header: {
    shape: either(choice('infer'), count, listOf(count, { min: 1, max: 1 }), nothing),
    description: 'Which line, counted from 0 after skipped ones, has the column names; null: none has.',
  },
  names: {
    shape: listOf(column, { min: 1, isUnique: true }),
    description: 'Column names, instead of a header line.',
  },
  index_col: {
    shape: either(falsehood, column, listOf(column, { min: 1 }), nothing),
    description: 'Columns that label the rows; false: the first column is never one.',
  },
  usecols: {
    shape: either(listOf(column, { min: 1 }), nothing),
    description: 'Which columns are read, by name or by position from 0.',
  },
  skiprows: {
    shape: either(count, listOf(count), nothing),
    description: 'How many lines at the start are skipped, or which lines, counted from 0.',
  },
  skipfooter: { shape: count, description: 'How many lines at the end are skipped.' },
  nrows: { shape: either(count, nothing), description: 'How many rows are read.' },
  comment: {
    shape: either(character, nothing),
    description: 'The character after which the rest of a line is ignored.',
  },
  na_values: {
    shape: either(marker, listOf(marker), mapOf(either(marker, listOf(marker))), nothing),
    description: 'Texts and numbers that mean missing, besides the usual ones; a map holds them by column.',
  },
  keep_default_na: {
    shape: boolean,
    description: 'Whether the usual texts (`NA`, `NaN`, empty …) mean missing.',
  },
  dtype: {
    shape: either(strictText, mapOf(strictText), nothing),
    description: 'The numpy type of all columns, or of each by name.',
  },
  parse_dates: {
    shape: either(boolean, listOf(column), nothing),
    description: 'Columns that hold dates and times.',
  },
  date_format: {
    shape: either(strictText, mapOf(strictText), nothing),
    description: 'The strftime format of the dates, or of each column by name.',
  },
  thousands: { shape: either(character, nothing), description: 'The character between thousands.' },
  decimal: { shape: character, description: 'The decimal point.' },
  encoding: { shape: either(strictText, nothing), description: 'The encoding of the text, such as latin-1.' },
  engine: {
    shape: either(choice('c', 'python', 'python-fwf', 'pyarrow'), nothing),
    description: "Which of pandas' parsers is meant.",
  },
  compression: {
    shape: either(
      compression,
      record({ method: { shape: compression, description: 'How the file is compressed.' } }),
      nothing,
    ),
    description: 'How the file is compressed; infer: by its extension.',
  },
  quotechar: { shape: character, description: 'The character around fields that contain the separator.' },
  skipinitialspace: { shape: boolean, description: 'Whether spaces after a separator are dropped.' },
  skip_blank_lines: { shape: boolean, description: 'Whether empty lines are skipped.' },
  on_bad_lines: {
    shape: choice('error', 'warn', 'skip'),
    description: 'What is done with a line that has too many fields.',
  },
  low_memory: { shape: boolean, description: 'Without effect here: columns are always typed as a whole.' },
}
