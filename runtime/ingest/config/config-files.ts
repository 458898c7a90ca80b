import { posix } from 'node:path'
import type { Problem } from '../../errors.ts'
import type { ReadText } from './types.ts'
import { parseYaml } from './yaml-document.ts'
import type { YamlNode } from './yaml-node.ts'

/** The YAML files of a project, each read and parsed once. */
export class ConfigFiles {
  readonly #root: string
  readonly #base: string
  readonly #readText: ReadText
  readonly #documents = new Map<string, YamlNode | Problem | undefined>()

  constructor(root: string, base: string, readText: ReadText) {
    this.#root = root
    this.#base = base
    this.#readText = readText
  }

  /** A file as messages and `linkedFiles` name it: from the project root if it is below, with `/`. */
  name(file: string): string {
    if (!isAbsolute(file)) return posix.normalize(file)
    const path = posix.normalize(file)
    const root = `${posix.normalize(this.#root).replace(/\/$/, '')}/`
    return path.startsWith(root) ? path.slice(root.length) : path
  }

  /** What a link in `file` leads to: `./` and `../` are seen from the file, others from the project root. */
  resolveLink(file: string, link: string): string {
    if (isAbsolute(link)) return this.name(link)
    if (/^\.\.?(?:\/|$)/.test(link)) return this.name(posix.join(posix.dirname(file), link))
    return this.name(this.#base === this.#root ? link : posix.join(this.#base, link))
  }

  /** The parsed file, by its name; `undefined` when there is none. */
  parse(name: string): YamlNode | Problem | undefined {
    if (!this.#documents.has(name)) {
      const text = this.#readText(isAbsolute(name) ? name : posix.join(this.#root, name))
      this.#documents.set(name, text === undefined ? undefined : parseYaml(text, name))
    }
    return this.#documents.get(name)
  }
}

function isAbsolute(path: string): boolean {
  return posix.isAbsolute(path) || /^[A-Za-z]:[\\/]/.test(path)
}
