import type { GitHub } from './github.ts'

/** What the one comment is found by. GitHub shows no HTML comments. */
export const commentMarker = '<!-- sluice: what this pull request changes -->'

/** GitHub takes 65536 characters. */
const longest = 65_000
/** Whose comments a workflow's token writes. */
const author = 'github-actions[bot]'

/** What the steps of a preview have found out; `undefined` where a step did not run. */
export interface PreviewFindings {
  /** What `sluice check` prints, and whether it found no error. */
  readonly check: { readonly text: string; readonly isOk: boolean }
  /** What `sluice diff --markdown` prints. */
  readonly diff: string | undefined
  /** What `pulumi preview` prints. */
  readonly preview: { readonly text: string; readonly isOk: boolean } | undefined
  /** Why there is no preview. */
  readonly noPreview: string | undefined
  readonly commit: string
}

/** Text in a block that nothing in it can end. */
function fenced(text: string): string {
  const longestRun = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longestRun + 1)
  return `${fence}text\n${text.trimEnd()}\n${fence}`
}

function folded(title: string, text: string): string {
  return `<details><summary>${title}</summary>\n\n${fenced(text)}\n\n</details>`
}

/** The first `length` characters; what is left out is told. */
function shortened(text: string, length: number): string {
  if (text.length <= length) return text
  // Half of a character outside the basic plane would be no text.
  const end = /[\uD800-\uDBFF]/.test(text[length - 1] ?? '') ? length - 1 : length
  return `${text.slice(0, end)}\n… ${text.length - end} more characters: see the workflow's log`
}

/** The comment for what a preview has found out; what makes it too long is cut, the preview's text first. */
export function commentBody({ check, diff, preview, noPreview, commit }: PreviewFindings): string {
  const head = [
    commentMarker,
    '### Sluice',
    check.isOk
      ? 'The registry has no errors.'
      : `The registry has errors:\n\n${fenced(shortened(check.text, 15_000))}`,
    ...(diff === undefined ? [] : [shortened(diff, 30_000)]),
    ...(noPreview === undefined ? [] : [`No preview of the stack: ${noPreview}`]),
  ].join('\n\n')
  const foot = `Of ${commit}.`
  if (!preview) return `${head}\n\n${foot}`
  const title = preview.isOk ? 'Preview of the stack' : 'The preview of the stack failed'
  const left = longest - head.length - foot.length - 500
  return [head, folded(title, shortened(preview.text, Math.max(1000, left))), foot].join('\n\n')
}

interface Comment {
  readonly id: number
  readonly body?: string
  readonly user?: { readonly login?: string }
}

/**
 * Writes a pull request's one comment: the first that begins with the marker is changed, else one is made. Others' comments
 * that quote the marker are left alone.
 */
export async function writeComment(
  github: GitHub,
  pullRequest: number,
  body: string,
): Promise<'created' | 'updated'> {
  const comments = (await github.list(`issues/${pullRequest}/comments`)) as readonly Comment[]
  const own = comments.find(
    (comment) => comment.user?.login === author && comment.body?.startsWith(commentMarker),
  )
  if (own) {
    await github.send('PATCH', `issues/comments/${own.id}`, { body })
    return 'updated'
  }
  await github.send('POST', `issues/${pullRequest}/comments`, { body })
  return 'created'
}
