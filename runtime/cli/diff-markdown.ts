import type { DiffItem, DiffSection } from '../plan/diff-words.ts'

/**
 * Text as a code span, in which Markdown and GitHub give no character a meaning: no link, no mention, no HTML. Its
 * fence is longer than any run of backticks in it.
 */
export function codeSpan(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim() || ' '
  const longest = Math.max(0, ...[...flat.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const space = longest > 0 ? ' ' : ''
  return `${fence}${space}${flat}${space}${fence}`
}

const words: Readonly<Record<DiffItem['sign'], string>> = { '+': 'added', '-': 'removed', '~': 'changed' }

function itemLines({ sign, subject, lines }: DiffItem): string[] {
  const [only] = lines
  if (lines.length === 1) return [`- ${words[sign]}: ${subject}: ${only}`]
  return [`- ${words[sign]}: ${subject}`, ...lines.map((line) => `  - ${line}`)]
}

/** A comment for a pull request; `sections` were described with `codeSpan`. */
export function diffMarkdown(title: string, sections: readonly DiffSection[]): string {
  const blocks = sections.map(({ title: heading, items }) =>
    [`**${heading}**`, '', ...items.flatMap(itemLines)].join('\n'),
  )
  return [title, ...blocks].join('\n\n')
}
