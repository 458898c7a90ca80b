import type { InputFile } from '../contracts.ts'
import { inputProblem } from './bounded-file.ts'
import type { MediaLimits } from './media-limits.ts'
import type { DocumentCounts } from './open-document.ts'
import { WordCounter } from './word-count.ts'

/** Groups that hold no text of the document. Those that begin with `\*` are none either. */
const hidden = new Set(
  'fonttbl colortbl stylesheet info pict object listtable listoverridetable revtbl rsidtbl generator filetbl header headerl headerr headerf footer footerl footerr footerf footnote annotation xmlnstbl themedata datastore latentstyles fldinst bkmkstart bkmkend'.split(
    ' ',
  ),
)
/** Words of control that stand between words of text. */
const separating = new Set('par line tab page sect cell row column'.split(' '))
/** Words of control that stand for a character that is no white space. */
const visible = new Set('emdash endash bullet lquote rquote ldblquote rdblquote'.split(' '))

const maxDepth = 1_000
const maxControlLength = 64

/** Rich Text Format: words of the body are counted; pages are those that its program wrote down. @throws InputError */
export async function readRtf(
  file: InputFile,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<DocumentCounts> {
  if (file.size > limits.readBytes) {
    throw inputProblem(file.name, `has ${file.size} bytes; at most ${limits.readBytes} of text are read`)
  }
  const scanner = new RtfScanner(file.name)
  for await (const chunk of file.stream()) {
    signal.throwIfAborted()
    scanner.add(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1'))
  }
  return scanner.end()
}

class RtfScanner {
  readonly #name: string
  readonly #words = new WordCounter()
  #start = ''
  #depth = 0
  /** The depth of the outermost group whose text does not count; 0 when there is none. */
  #hiddenDepth = 0
  #control: string | undefined
  #isStarred = false
  /** Characters that stand for the one of Unicode before them. */
  #skip = 0
  /** Bytes of binary content that follow `\bin`. */
  #binary = 0
  #pages: number | undefined
  #isClosed = false

  constructor(name: string) {
    this.#name = name
  }

  add(text: string): void {
    if (this.#start.length < 5) {
      this.#start += text.slice(0, 5 - this.#start.length)
      if (!'{\\rtf'.startsWith(this.#start))
        throw inputProblem(this.#name, 'is not RTF: it does not begin with {\\rtf')
    }
    for (let i = 0; i < text.length && !this.#isClosed; i++) {
      if (this.#binary > 0) {
        const skipped = Math.min(this.#binary, text.length - i)
        this.#binary -= skipped
        i += skipped - 1
      } else this.#character(text[i] as string)
    }
  }

  end(): DocumentCounts {
    if (this.#start.length < 5) throw inputProblem(this.#name, 'is not RTF: it does not begin with {\\rtf')
    if (!this.#isClosed) throw inputProblem(this.#name, `is cut off: ${this.#depth} of its groups do not end`)
    return { pageCount: this.#pages, wordCount: this.#words.count }
  }

  #character(character: string): void {
    if (this.#control !== undefined) {
      if (this.#continueControl(character)) return
    }
    if (character === '\\') this.#control = ''
    else if (character === '{') this.#open()
    else if (character === '}') this.#close()
    else if (character !== '\n' && character !== '\r') this.#text(character)
  }

  /** Whether the character was part of the control word, or the blank after it. */
  #continueControl(character: string): boolean {
    const control = this.#control as string
    if (control === '' && !/[a-zA-Z]/.test(character)) {
      this.#control = undefined
      this.#symbol(character)
      return true
    }
    // A character in hexadecimal, of which two digits follow.
    if (control.startsWith("'")) {
      this.#control = control.length < 2 ? control + character : undefined
      if (this.#control === undefined) this.#text('x')
      return true
    }
    const isPart = /[a-zA-Z]/.test(character) ? /^[a-zA-Z]*$/.test(control) : isNumberPart(control, character)
    if (isPart) {
      this.#control = control + character
      if (control.length > maxControlLength)
        throw inputProblem(this.#name, 'has a control word without an end')
      return true
    }
    this.#control = undefined
    this.#word(control)
    return character === ' '
  }

  #symbol(character: string): void {
    if (character === "'") this.#control = "'"
    else if (character === '*') this.#isStarred = true
    else if (character === '~' || character === '\n' || character === '\r') this.#separate()
    else if ('\\{}_'.includes(character)) this.#text(character)
  }

  #word(control: string): void {
    const [, name = '', digits = ''] = /^([a-zA-Z]+)(-?\d*)$/.exec(control) ?? []
    const number = Number(digits)
    if (this.#isStarred || hidden.has(name)) this.#hiddenDepth ||= this.#depth
    this.#isStarred = false
    if (name === 'bin') this.#binary = Math.max(0, number)
    else if (name === 'nofpages' && number > 0) this.#pages = number
    else if (name === 'u') {
      this.#text('x')
      this.#skip = 1
    } else if (separating.has(name)) this.#separate()
    else if (visible.has(name)) this.#text('-')
  }

  #text(character: string): void {
    if (this.#skip > 0) this.#skip--
    else if (this.#hiddenDepth === 0) this.#words.add(character)
  }

  #separate(): void {
    if (this.#hiddenDepth === 0) this.#words.separate()
  }

  #open(): void {
    if (++this.#depth > maxDepth) throw inputProblem(this.#name, `nests more than ${maxDepth} groups`)
    this.#skip = 0
  }

  #close(): void {
    if (this.#hiddenDepth === this.#depth) this.#hiddenDepth = 0
    this.#isStarred = false
    this.#skip = 0
    this.#isClosed = --this.#depth === 0
  }
}

function isNumberPart(control: string, character: string): boolean {
  if (character === '-') return /^[a-zA-Z]+$/.test(control)
  return character >= '0' && character <= '9'
}
