import type { Condition, Statement } from '../permissions.ts'

/** What someone asks AWS to do. */
export interface IamRequest {
  readonly action: string
  readonly resource: string
  /** Condition keys that the request has, such as `s3:prefix`. */
  readonly context?: Readonly<Record<string, string>>
}

/**
 * Whether a role with these statements may do it: denied unless a statement allows it and none denies it.
 * docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * @throws TypeError at a condition operator that this does not know, rather than guess
 */
export function isAllowed(statements: readonly Statement[], request: IamRequest): boolean {
  const matching = statements.filter((statement) => applies(statement, request))
  return (
    matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny')
  )
}

/** Whether a role may do what a request to S3 needs; of `s3:ListBucket`, `key` is the prefix. */
export function mayUseS3(
  statements: readonly Statement[],
  action: string,
  bucket: string,
  key: string,
): boolean {
  const isList = action === 's3:ListBucket'
  return isAllowed(statements, {
    action,
    resource: `arn:aws:s3:::${bucket}${isList ? '' : `/${key}`}`,
    ...(isList && { context: { 's3:prefix': key } }),
  })
}

function applies(
  { Action, Resource, Condition }: Statement,
  { action, resource, context }: IamRequest,
): boolean {
  return (
    Action.some((pattern) => wildcard(pattern, 'i').test(action)) &&
    Resource.some((pattern) => wildcard(pattern).test(resource)) &&
    conditionsHold(Condition ?? {}, context ?? {})
  )
}

function conditionsHold(condition: Condition, context: Readonly<Record<string, string>>): boolean {
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => holds(operator, context[key], [wanted].flat())),
  )
}

function holds(operator: string, found: string | undefined, wanted: readonly string[]): boolean {
  const [, base, ifExists] = /^(StringLike|StringEquals|ArnLike|Bool)(IfExists)?$/.exec(operator) ?? []
  if (base === undefined) throw new TypeError(`the condition operator ${operator} is not known here`)
  if (found === undefined) return ifExists !== undefined
  return wanted.some((text) => (base.endsWith('Like') ? wildcard(text).test(found) : text === found))
}

/** `*` and `?` are wildcards, `${*}`, `${?}` and `${$}` are the characters themselves. */
function wildcard(pattern: string, flags = ''): RegExp {
  const source = pattern.replace(/\$\{([*?$])\}|[\s\S]/g, (part, literal: string | undefined) => {
    if (literal !== undefined) return `\\${literal}`
    if (part === '*') return '[\\s\\S]*'
    return part === '?' ? '[\\s\\S]' : part.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&')
  })
  return new RegExp(`^${source}$`, flags)
}
