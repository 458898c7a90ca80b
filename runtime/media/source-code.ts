import type { InputFile } from '../contracts.ts'
import type { MediaLimits } from './media-limits.ts'
import { openText } from './text-encoding.ts'

/** What is counted of a file of source code. */
export interface CodeInfo {
  readonly language: string
  /** The last one counts also when it does not end. */
  readonly numLines: number
  /** By Python's name. */
  readonly encoding: string
  readonly hasShebang: boolean
}

const languages: ReadonlyMap<string, string> = new Map(
  Object.entries({
    py: 'Python',
    sh: 'Shell',
    bat: 'Batch',
    ps1: 'PowerShell',
    cpp: 'C++',
    c: 'C',
    h: 'C',
    hpp: 'C++',
    rs: 'Rust',
    go: 'Go',
    java: 'Java',
    cs: 'C#',
    html: 'HTML',
    css: 'CSS',
    js: 'JavaScript',
    ts: 'TypeScript',
    jsx: 'JavaScript',
    tsx: 'TypeScript',
    vue: 'Vue',
    glsl: 'GLSL',
    hlsl: 'HLSL',
    vert: 'GLSL',
    frag: 'GLSL',
    shader: 'ShaderLab',
    json: 'JSON',
    yaml: 'YAML',
    yml: 'YAML',
    toml: 'TOML',
    ini: 'INI',
    xml: 'XML',
  }),
)

/** The language by extension, `undefined` for one that is not among code. */
export function languageOf(extension: string): string | undefined {
  return languages.get(extension)
}

/** Reads the file as text and understands none of it. @throws InputError for what is no text */
export async function readSourceCode(
  file: InputFile,
  extension: string,
  limits: MediaLimits,
  signal: AbortSignal,
): Promise<CodeInfo> {
  const text = await openText(file, limits, signal)
  const lines = new LineCounter()
  let start = ''
  for await (const chunk of text.chunks()) {
    if (start.length < 2) start += chunk.slice(0, 2)
    lines.add(chunk)
  }
  return {
    language: languageOf(extension) ?? extension,
    numLines: lines.count,
    encoding: text.encoding,
    hasShebang: start.startsWith('#!'),
  }
}

/** Counts lines that end with LF, CR LF or CR, wherever the text is cut. */
class LineCounter {
  #ended = 0
  #isOpen = false
  #wasReturn = false

  get count(): number {
    return this.#ended + Number(this.#isOpen)
  }

  add(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      const isSecondHalf = code === 10 && this.#wasReturn
      this.#wasReturn = code === 13
      if (isSecondHalf) continue
      this.#isOpen = code !== 10 && code !== 13
      if (!this.#isOpen) this.#ended++
    }
  }
}
