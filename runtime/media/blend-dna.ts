/** A field of a struct as it lies in a block of the file. */
export interface DnaField {
  /** From the struct's start, in bytes. */
  readonly offset: number
  /** In bytes, of the whole array where it is one. */
  readonly size: number
  /** `int`, `short`, `float`, `char`, a struct's name; of a pointer, what it points to. */
  readonly type: string
  readonly isPointer: boolean
}

/** The file's own description of its structs: its DNA1 block. */
export interface BlendDna {
  field(struct: string, name: string): DnaField | undefined
  /** Of the struct that a block's header names by number. */
  structName(index: number): string | undefined
}

/** What no .blend comes near: Blender 4 has about 1,000 structs and 7,000 names. */
const maxItems = 1_000_000

/** Reads a DNA1 block. @throws Error that says what is wrong with it */
export function blendDna(bytes: Buffer, isLittleEndian: boolean, pointerSize: number): BlendDna {
  const reader = new DnaReader(bytes, isLittleEndian)
  reader.expect('SDNA')
  const names = reader.texts('NAME')
  const types = reader.texts('TYPE')
  reader.expect('TLEN')
  const lengths = types.map(() => reader.uint16())
  reader.align()
  reader.expect('STRC')
  const fieldsOf = new Map<string, Map<string, DnaField>>()
  const structNames: string[] = []
  for (let left = reader.count(); left > 0; left--) {
    const struct = types[reader.uint16()]
    if (struct === undefined) throw new Error('a struct has no name')
    const fields = new Map<string, DnaField>()
    let offset = 0
    for (let fieldsLeft = reader.uint16(); fieldsLeft > 0; fieldsLeft--) {
      const type = reader.uint16()
      const name = names[reader.uint16()]
      const typeName = types[type]
      if (name === undefined || typeName === undefined)
        throw new Error(`${struct} has a field without a name`)
      const isPointer = /^[*(]/.test(name)
      const size = (isPointer ? pointerSize : (lengths[type] as number)) * elementsOf(name)
      fields.set(name.replace(/^[*(]+|[[)].*$/g, ''), { offset, size, type: typeName, isPointer })
      offset += size
    }
    structNames.push(struct)
    fieldsOf.set(struct, fields)
  }
  return {
    field: (struct, name) => fieldsOf.get(struct)?.get(name),
    structName: (index) => structNames[index],
  }
}

/** `mat[4][4]` has 16. */
function elementsOf(name: string): number {
  return [...name.matchAll(/\[(\d+)\]/g)].reduce((product, [, count]) => product * Number(count), 1)
}

class DnaReader {
  readonly #bytes: Buffer
  readonly #isLittleEndian: boolean
  #position = 0

  constructor(bytes: Buffer, isLittleEndian: boolean) {
    this.#bytes = bytes
    this.#isLittleEndian = isLittleEndian
  }

  expect(word: string): void {
    const found = this.#bytes.toString('latin1', this.#position, this.#position + 4)
    if (found !== word) throw new Error(`${word} is missing at byte ${this.#position}`)
    this.#position += 4
  }

  uint16(): number {
    this.#need(2)
    const at = this.#position
    this.#position += 2
    return this.#isLittleEndian ? this.#bytes.readUInt16LE(at) : this.#bytes.readUInt16BE(at)
  }

  count(): number {
    this.#need(4)
    const at = this.#position
    this.#position += 4
    const count = this.#isLittleEndian ? this.#bytes.readInt32LE(at) : this.#bytes.readInt32BE(at)
    if (count < 0 || count > maxItems) throw new Error(`it counts ${count} items at byte ${at}`)
    return count
  }

  /** A table of texts that end with a zero byte. */
  texts(word: string): string[] {
    this.expect(word)
    const texts: string[] = []
    for (let left = this.count(); left > 0; left--) {
      const end = this.#bytes.indexOf(0, this.#position)
      if (end < 0) throw new Error(`${word} ends within a name`)
      texts.push(this.#bytes.toString('latin1', this.#position, end))
      this.#position = end + 1
    }
    this.align()
    return texts
  }

  align(): void {
    this.#position = (this.#position + 3) & ~3
  }

  #need(length: number): void {
    if (this.#position + length > this.#bytes.length) throw new Error('it ends too soon')
  }
}
