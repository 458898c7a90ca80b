import type { InputFile } from '../../contracts.ts'
import type { Variable } from '../../dataset/dataset.ts'
import { InputError, isSluiceError } from '../../errors.ts'
import type { Reader } from '../interfaces.ts'

/** Where a dataset came from, so that errors can say so. */
export interface Source {
  /** The input's name, or a member's in an archive. */
  readonly label: string
  readonly input: InputFile
  readonly reader: Reader
}

/** Errors about a variable name the file, the line if the reader can tell, and what the file calls the variable. */
export async function located<T>(
  { label, input, reader }: Source,
  { name, inputName }: { readonly name: string; readonly inputName: string },
  { dims }: Variable,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isSluiceError(error, 'input')) throw error
    const { element, place, what: message } = error as InputError
    if (place && place.file !== label) throw error
    const isRow = element !== undefined && dims.length === 1 && label === input.name
    const line = isRow ? await reader.lineOf?.(input, element) : undefined
    const start = `${name}: `
    const what =
      inputName !== name && message.startsWith(start)
        ? `${name}, read from ${JSON.stringify(inputName)}: ${message.slice(start.length)}`
        : message
    throw new InputError(what, {
      place: place?.line === undefined ? { file: label, ...(line !== undefined && { line }) } : place,
      element,
      cause: error,
    })
  }
}
