import { type Document, isScalar, LineCounter, parseDocument } from 'yaml'
import type { Problem } from '../errors.ts'
import { YamlLocator } from './yaml-locator.ts'
import { SyntaxProblem, YamlValues } from './yaml-values.ts'

export type Path = readonly (string | number)[]

/** What a YAML file says, as plain values whose objects have no prototype, with the place of each. */
export interface YamlSource {
  readonly file: string
  /** `undefined` when there are problems that leave nothing to work with. */
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** Where the value at `path` stands, or its key; where it is missing, what it is missing from. */
  locate(path: Path, part?: 'key' | 'value'): { line?: number; column?: number }
  /** How the value at `path` is written, if it is one word or text. */
  written(path: Path): string | undefined
}

/** Larger ones are no registries: ten thousand sites take a fifth of this. */
const maxBytes = 5_000_000
/** Brackets, quotes, commas and lines: what the parser makes objects of. Ten thousand sites have a fifth of this. */
const maxMarks = 400_000
/** `pipelines[1].configs.humboldt`, with names quoted that would be misread. */
export function showPath(path: Path): string {
  return path.reduce<string>((shown, part) => {
    if (typeof part === 'number') return `${shown}[${part}]`
    if (!/^[^\s.[\]"]+$/.test(part)) return `${shown}[${JSON.stringify(part)}]`
    return shown ? `${shown}.${part}` : part
  }, '')
}

const friendlier: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab is used to indent: YAML wants spaces',
  MULTIPLE_DOCS: 'a second document starts here (---): a registry is one document',
}

function checkText(text: string): void {
  if (text.length > maxBytes) {
    const size = (text.length / 1e6).toFixed(1)
    throw new SyntaxProblem(`the file is ${size} MB long: at most ${maxBytes / 1e6} MB are read`)
  }
  const marks = /[[\]{}"'&*!?,\n]|- /g
  for (let count = 0; marks.test(text); count++) {
    if (count > maxMarks)
      throw new SyntaxProblem(`the file has more than ${maxMarks} lines, brackets, quotes and commas`)
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  const strange = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/.exec(text)
  if (strange) {
    const code = strange[0].charCodeAt(0)
    const name =
      code === 0xfffd
        ? 'bytes that are not UTF-8'
        : code === 0
          ? 'a NUL byte'
          : `a control character (${code})`
    throw new SyntaxProblem(`the file holds ${name}: it is not a text file in UTF-8`, strange.index)
  }
}

function parse(text: string, lines: LineCounter): Document.Parsed {
  checkText(text)
  let document: Document.Parsed
  try {
    document = parseDocument(text.replace(/^\ufeff/, ''), {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      version: '1.2',
    })
  } catch (error) {
    // The parser recurses: too deep a nesting ends its stack.
    if (error instanceof RangeError) throw new SyntaxProblem('the file is nested too deeply')
    throw error
  }
  const error = document.errors[0] ?? document.warnings[0]
  if (error) {
    if (/call stack/.test(error.message)) throw new SyntaxProblem('the file is nested too deeply')
    const message = friendlier[error.code] ?? `not valid YAML: ${error.message.replace(/\s+/g, ' ')}`
    throw new SyntaxProblem(message, error.pos[0])
  }
  return document
}

/** Reads one YAML file. Whatever the text, it takes bounded time and memory, and gives problems instead of throwing. */
export function readYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter()
  const at = (offset: number | undefined) => {
    if (offset === undefined) return {}
    const { line, col } = lines.linePos(offset)
    if (line > 0) return { line, column: col }
    // Nothing has been parsed: counted here.
    const before = text.slice(0, offset).split('\n')
    return { line: before.length, column: (before.at(-1) as string).length + 1 }
  }
  const nowhere = { file, locate: () => ({}), written: () => undefined }
  const broken = (message: string, offset?: number, path: Path = []): YamlSource => ({
    ...nowhere,
    value: undefined,
    problems: [{ severity: 'error', file, ...at(offset), path: showPath(path), message }],
  })
  try {
    const document = parse(text, lines)
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
      return broken('the file is empty')
    }
    const reading = new YamlValues(document)
    const value = reading.read()
    const locator = new YamlLocator(document, reading.targets)
    return {
      file,
      value,
      problems: reading.problems.map(({ message, offset, path, other }) => ({
        severity: 'error',
        file,
        ...at(offset),
        path: showPath(path),
        message: other === undefined ? message : `${message}, also in line ${at(other).line}`,
      })),
      locate(path, part = 'value') {
        const { key, value: found, isWhole } = locator.find(path)
        const node = (isWhole && part === 'value' ? found : key) ?? found ?? key
        return at(node?.range?.[0])
      },
      written(path) {
        const { value: node, isWhole } = locator.find(path)
        return isWhole && isScalar(node) ? (node.source ?? undefined) : undefined
      },
    }
  } catch (error) {
    if (error instanceof SyntaxProblem) return broken(error.message, error.offset, error.path)
    throw error
  }
}
