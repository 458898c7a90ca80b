import type { Place, Problem } from '../errors.ts'
import { type Path, showPath } from './yaml-source.ts'

/** What the registry's values were read from: one file, or two where a stack's configuration wins. */
export interface Located {
  place(path: Path, part?: 'key' | 'value'): Place
}

const maxMessage = 600

/** Messages quote what users wrote, which may hold anything. */
function onOneLine(text: string): string {
  const short = text.length > maxMessage ? `${text.slice(0, maxMessage)}…` : text
  return short.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0')
    return character === '\n' ? '\\n' : `\\u${code}`
  })
}

/** Gathers problems, each once however many sites meet it. */
export class Findings {
  private readonly located: Located
  private readonly found = new Map<string, Problem>()
  private readonly brokenPaths = new Set<string>()

  constructor(located: Located) {
    this.located = located
  }

  add(severity: Problem['severity'], path: Path, message: string, part?: 'key' | 'value'): void {
    const shown = showPath(path)
    if (severity === 'error') this.brokenPaths.add(shown)
    const key = `${shown}\n${message}`
    if (this.found.has(key)) return
    this.found.set(key, {
      severity,
      ...this.located.place(path, part),
      path: shown,
      message: onOneLine(message),
    })
  }

  error(path: Path, message: string, part?: 'key' | 'value'): void {
    this.add('error', path, message, part)
  }

  warn(path: Path, message: string, part?: 'key' | 'value'): void {
    this.add('warning', path, message, part)
  }

  hasErrors(): boolean {
    return [...this.found.values()].some(({ severity }) => severity === 'error')
  }

  /** Problems that know their places themselves: those of other files. */
  include(problems: readonly Problem[]): void {
    for (const problem of problems) {
      this.found.set(JSON.stringify(problem), problem)
      if (problem.severity === 'error') this.brokenPaths.add(problem.path)
    }
  }

  placeOf(path: Path, part?: 'key' | 'value'): Place {
    return this.located.place(path, part)
  }

  /** Something that was meant to stand at `path` stands elsewhere, which has been told. */
  markBroken(path: Path): void {
    this.brokenPaths.add(showPath(path))
  }

  hasErrorAt(path: Path): boolean {
    return this.brokenPaths.size > 0 && this.brokenPaths.has(showPath(path))
  }

  /** By file, `first` before all others, then by place. */
  sorted(first: string): Problem[] {
    const rank = ({ file }: Problem) => (file === first ? '' : file)
    return [...this.found.values()].sort(
      (a, b) =>
        (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0) ||
        (a.line ?? 0) - (b.line ?? 0) ||
        (a.column ?? 0) - (b.column ?? 0),
    )
  }
}
