import type { Place, Problem } from '../../errors.ts'
import type { YamlNode } from './yaml-node.ts'

/** A value of the document and the keys that lead to it. */
export interface Cursor {
  readonly node: YamlNode
  /** `data_vars.temp.attrs.valid_range[1]`; empty for the whole section. */
  readonly path: string
}

/** The cursor at `key` of the value that `cursor` points to. */
export function childCursor(cursor: Cursor, key: string | number, node: YamlNode): Cursor {
  return { node, path: joinPath(cursor.path, key) }
}

/** Keys that are no plain names are shown quoted in brackets: `readers[".*"]`. */
export function joinPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}

/** Anchors can repeat a mistake without end. */
const mostProblems = 1000

/**
 * Gathers the problems of one section of a pipeline configuration. Paths are shown from the top of the file that a
 * value stands in: in a linked file from its own top, in pipeline.yaml (inline, or through an override) from there.
 */
export class Report {
  readonly problems: Problem[] = []
  readonly #section: string
  readonly #linkedFile: string | undefined

  constructor(section: string, linkedFile?: string) {
    this.#section = section
    this.#linkedFile = linkedFile
  }

  error(at: Cursor, message: string): void {
    this.#add('error', at.node.place, at.path, message)
  }

  warn(at: Cursor, message: string): void {
    this.#add('warning', at.node.place, at.path, message)
  }

  /** About a key rather than its value. */
  errorAt(place: Place, path: string, message: string): void {
    this.#add('error', place, path, message)
  }

  #add(severity: Problem['severity'], place: Place, path: string, message: string): void {
    if (this.problems.length > mostProblems) return
    if (this.problems.length === mostProblems) {
      const more = `more than ${mostProblems} things are wrong here; what follows is not shown`
      this.problems.push({ ...place, severity: 'error', path: '', message: more })
      return
    }
    const isLinked = place.file === this.#linkedFile
    const full = isLinked || this.#section === '' ? path : prefixPath(this.#section, path)
    this.problems.push({ ...place, severity, path: full, message })
  }
}

function prefixPath(section: string, path: string): string {
  if (path === '') return section
  return path.startsWith('[') ? `${section}${path}` : `${section}.${path}`
}
