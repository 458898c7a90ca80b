import {
  boolean,
  choice,
  either,
  type Fields,
  filledText,
  integer,
  listOf,
  record,
  strictText,
  type TextShape,
} from '../../ingest/config/shape.ts'
import { allowedTypes, parseColumnType } from './column-type.ts'

/** The built-in class of table loads. */
export const tableLoadClass = 'sluice.TableLoad'

/**
 * What names may be. Narrower than SQL's: PostgreSQL cuts longer ones without a word, and everything else would have
 * to be quoted by whoever queries the table.
 */
const identifier = '[A-Za-z_][A-Za-z0-9_]{0,62}'
const identifierWords = 'a letter or underscore, then up to 62 letters, digits and underscores'

const nameShape: TextShape = {
  type: 'text',
  isStrict: true,
  pattern: new RegExp(`^${identifier}$`),
  expected: `a column's name (${identifierWords})`,
}

/** What a byte of the file can be, and neither ends a row nor takes part in a value. */
const delimiterShape: TextShape = {
  type: 'text',
  isStrict: true,
  pattern: /^[\t!#$%&*+,./:;<=>?@^_`|~]$/,
  expected: 'one of the characters , ; | : ~ ^ or a tab ("\\t")',
}

const typeShape: TextShape = {
  type: 'text',
  isStrict: true,
  expected: `a type: ${allowedTypes}`,
  check(text) {
    const type = parseColumnType(text)
    return 'problem' in type ? type.problem : undefined
  },
}

export const columnFields: Fields = {
  name: { shape: nameShape, description: 'The column in the table.', isRequired: true },
  type: { shape: typeShape, description: `One of ${allowedTypes}.`, isRequired: true },
  nullable: {
    shape: boolean,
    description: 'Whether it may be null; a column of the key may not.',
    default: true,
  },
  header: { shape: filledText, description: "What the file's header calls it; its name unless given." },
}

export const rejectedFields: Fields = {
  max: {
    shape: either(
      { ...integer, min: 0 },
      {
        type: 'text',
        isStrict: true,
        pattern: /^(?:100|\d{1,2}(?:\.\d{1,6})?)\s?%$/,
        expected: 'a share of all rows such as "0.5%"',
      },
    ),
    description: 'How many rows may be rejected, or which share of all rows ("1%"), before the load is.',
    isRequired: true,
  },
}

/** The keys of a table load's configuration. */
export const tableLoadFields: Fields = {
  classname: { shape: choice(tableLoadClass), description: 'Makes this a table load.', isRequired: true },
  table: {
    shape: {
      type: 'text',
      isStrict: true,
      pattern: new RegExp(`^(?:${identifier}\\.)?${identifier}$`),
      expected: `schema.name or name (each ${identifierWords})`,
    },
    description: 'The table, with its schema unless that is public. It is made when it is not there.',
    isRequired: true,
  },
  columns: {
    shape: listOf(record(columnFields), { min: 1, max: 1600 }),
    description: 'The columns in the order of the file.',
    isRequired: true,
  },
  key: {
    shape: listOf(nameShape, { min: 1, max: 32, isUnique: true }),
    description: 'The columns that tell rows apart: the primary key. Mode upsert needs it.',
  },
  mode: {
    shape: choice('replace', 'append', 'upsert'),
    description:
      "replace: the table is the file. append: rows are added. upsert: by key, the file's row wins.",
    isRequired: true,
  },
  sinks: {
    shape: listOf(choice('postgres', 'redshift'), { min: 1, isUnique: true }),
    description: 'Where the table is.',
    default: ['postgres'],
  },
  delimiter: { shape: delimiterShape, description: 'What stands between values.', default: ',' },
  quote: {
    shape: either(choice('"', "'", 'none')),
    description: 'What quotes values; doubled inside it stands for itself. none: quotes are text.',
    default: '"',
  },
  header: {
    shape: either(boolean, choice('names must match')),
    description:
      'Whether the first row holds names: true skips it, "names must match" compares it with the columns.',
    default: false,
  },
  null_text: {
    shape: { ...strictText, check: checkNullText },
    description: 'What stands for null where it is not quoted; nothing ("") unless given.',
    default: '',
  },
  encoding: {
    shape: choice('utf-8', 'latin-1', 'cp1252', 'utf-16'),
    description: 'Of the text. Compressed files are known by their names (.gz, .zip, .zst).',
    default: 'utf-8',
  },
  rejected: {
    shape: record(rejectedFields),
    description: 'What becomes of rows that do not fit. Unless given, one of them rejects the load.',
    default: { max: 0 },
  },
}

/** PostgreSQL's own rules for `NULL` in `COPY … CSV`. */
function checkNullText(text: string): string | undefined {
  if (Buffer.byteLength(text) > 100) return 'is longer than 100 bytes'
  return /["',\r\n\0]/.test(text)
    ? `found ${JSON.stringify(text)}; it may hold no quote, comma or line end`
    : undefined
}
