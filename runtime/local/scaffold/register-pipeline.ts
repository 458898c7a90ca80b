import { isMap, isSeq, type Node, parseDocument, type YAMLSeq } from 'yaml'
import { UsageError } from '../../errors.ts'

/**
 * The text of a registry with one more pipeline at its list's end: nothing else changes, so comments and layout stay.
 * `lines` are the entry in block style without indentation. @throws UsageError when the list is not written as one item
 * a line, or the entry would not be read as it is meant
 */
export function registerPipeline(text: string, lines: readonly string[], file: string): string {
  const document = parseDocument(text, { version: '1.1', uniqueKeys: false })
  const list = isMap(document.contents) ? document.contents.get('pipelines', true) : undefined
  if (document.errors.length > 0 || !isSeq(list)) {
    throw new UsageError(`${file}: has no list of pipelines to add to: see \`sluice check\``)
  }
  const registered = list.flow
    ? intoEmptyList(text, list as YAMLSeq<Node>, lines, file)
    : afterLast(text, list as YAMLSeq<Node>, lines)
  requireOneMore(text, registered, file)
  return registered
}

function afterLast(text: string, list: YAMLSeq<Node>, lines: readonly string[]): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const last = list.items.at(-1) as Node
  const start = (last.range as readonly number[])[0] as number
  const dash = text.lastIndexOf('-', start - 1)
  const indent = ' '.repeat(dash - (text.lastIndexOf('\n', dash) + 1))
  const end = endOfContent(text, last)
  const entry = lines.map((line, i) => `${indent}${i === 0 ? '- ' : '  '}${line}`)
  const blank = list.items.length > 1 && !hasBlankLines(text, list) ? '' : newline
  const after = text.slice(end)
  return text.slice(0, end) + newline + blank + entry.join(newline) + (after === '' ? newline : after)
}

/** The end of the line on which a node's last character stands. */
function endOfContent(text: string, node: Node): number {
  const [, end = 0] = node.range as readonly number[]
  const content = text.slice(0, end).trimEnd().length
  const line = text.slice(content).search(/\r?\n/)
  return line < 0 ? text.length : content + line
}

/** Whether the last two items stand apart. */
function hasBlankLines(text: string, list: YAMLSeq<Node>): boolean {
  const [before, last] = list.items.slice(-2) as [Node, Node]
  const between = text.slice(endOfContent(text, before), (last.range as readonly number[])[0])
  return /\n\s*\n/.test(between)
}

function intoEmptyList(text: string, list: YAMLSeq<Node>, lines: readonly string[], file: string): string {
  if (list.items.length > 0) {
    throw new UsageError(
      `${file}: pipelines is written in brackets: write one pipeline below the other, with dashes`,
    )
  }
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const [start = 0, end = 0] = list.range as readonly number[]
  const entry = lines.map((line, i) => `  ${i === 0 ? '- ' : '  '}${line}`)
  const before = text.slice(0, start).trimEnd()
  const after = text.slice(end)
  return before + newline + entry.join(newline) + (after === '' ? newline : after)
}

/** @throws UsageError unless the new text says what the old one did and one pipeline more */
function requireOneMore(before: string, after: string, file: string): void {
  const [old, changed] = [readRegistry(before), readRegistry(after)]
  const pipelines = changed?.pipelines ?? []
  const isOneMore = pipelines.length === (old?.pipelines ?? []).length + 1
  const rest = { ...changed, pipelines: pipelines.slice(0, -1) }
  if (isOneMore && JSON.stringify(rest) === JSON.stringify({ ...old, pipelines: old?.pipelines ?? [] }))
    return
  throw new UsageError(`${file}: an entry cannot be added without changing others: add it by hand`)
}

function readRegistry(text: string): { readonly pipelines?: readonly unknown[] | null } | undefined {
  const document = parseDocument(text, { version: '1.1', uniqueKeys: false })
  return document.errors.length > 0 ? undefined : (document.toJS() as { pipelines?: unknown[] })
}
