import path from 'node:path'
import { decodeCf } from '../dataset/cf.ts'
import type { Dataset } from '../dataset/dataset.ts'
import { InputError } from '../errors.ts'
import { showCdl } from '../formats/cdl.ts'
import { fileInput } from '../formats/input-file.ts'
import { readNetcdf } from '../formats/netcdf.ts'
import { type HeaderGroup, readNetcdfHeader } from '../formats/netcdf-header.ts'
import { countFlags, flagVariables } from './inspect-flags.ts'
import { summarize } from './inspect-summary.ts'
import { colors, print, table } from './terminal.ts'

/** `sluice inspect`: a netCDF file's header as `ncdump -h` shows it, and what its values are, variable by variable. */
export async function inspect(file: string): Promise<void> {
  const header = await readNetcdfHeader(file)
  print(showCdl(path.basename(file, path.extname(file)), header))
  for (const { group, at } of groupsOf(header.root, '')) {
    if (group.variables.length > 0) print(`\n${await summaryOf(file, group, at)}`)
  }
}

function* groupsOf(group: HeaderGroup, at: string): Generator<{ group: HeaderGroup; at: string }> {
  yield { group, at }
  for (const below of group.groups) yield* groupsOf(below, `${at}/${below.name}`)
}

/** Types of a file's own, which no array can hold. */
const unread = new Set(['compound', 'opaque', 'reference', 'vlen', 'array', 'unknown'])

async function summaryOf(file: string, { variables }: HeaderGroup, at: string): Promise<string> {
  const left = variables.filter(({ type }) => unread.has(type)).map(({ name }) => name)
  const raw = await readNetcdf(await fileInput(file), {
    decode_cf: false,
    drop_variables: left,
    ...(at !== '' && { group: at }),
  })
  const { dataset, note } = decode(raw)
  const flags = flagVariables(raw)
  const rows = [...dataset.variables()]
    .filter(([name]) => !flags.isFlag(name))
    .map(([name, variable]) => {
      const { count, missing, min, mean, max } = summarize(variable)
      const flagged = countFlags(raw, flags.of(name))
      return [plain(name), String(count), String(missing), min, mean, max, plain(flagged)]
    })
  const right = ['count', 'missing', 'min', 'mean', 'max']
  const heading = at === '' ? [] : [colors.bold(`group ${at}`)]
  const notes = [
    ...(note === undefined ? [] : [note]),
    ...(left.length === 0 ? [] : [`not read, as their types are the file's own: ${left.join(', ')}`]),
  ]
  return [
    ...heading,
    table(['variable', ...right, 'flagged'], rows, { right }),
    ...notes.map((line) => colors.yellow(line)),
  ].join('\n')
}

/** What a file calls its variables and tests must not reach the terminal as commands. */
const plain = (text: string) => text.replace(/\p{Cc}/gu, ' ')

/** Values as they are meant, or where the attributes that say so are wrong, as they are on disk. */
function decode(raw: Dataset): { dataset: Dataset; note?: string } {
  try {
    return { dataset: decodeCf(raw, { decodeCoords: false }) }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { dataset: raw, note: `the values are shown as they are on disk, since ${error.message}` }
  }
}
