import { contextValue, matchesArn, matchesText, withVariables } from './policy-pattern.ts'

/** Condition keys of a request; keys that can have several values have a list. */
export type RequestContext = Readonly<Record<string, string | readonly string[]>>

/** A statement's `Condition`: values by key, by operator. */
export type PolicyCondition = Readonly<
  Record<string, Readonly<Record<string, string | boolean | readonly string[]>>>
>

/** Whether one value of the request is one of those that a policy names. */
type Comparison = (found: string, wanted: string) => boolean

const arn: Comparison = (found, wanted) => matchesArn(wanted, found)
const number =
  (compare: (a: number, b: number) => boolean): Comparison =>
  (found, wanted) =>
    compare(Number(found), Number(wanted))

/** Of each operator, how it compares; those with `Not` hold when none of its values matches. */
const comparisons: Readonly<Record<string, Comparison>> = {
  StringEquals: (found, wanted) => found === wanted,
  StringEqualsIgnoreCase: (found, wanted) => found.toLowerCase() === wanted.toLowerCase(),
  StringLike: (found, wanted) => matchesText(wanted, found),
  // Both of these take wildcards: they are the same.
  ArnEquals: arn,
  ArnLike: arn,
  Bool: (found, wanted) => found.toLowerCase() === wanted.toLowerCase(),
  NumericEquals: number((a, b) => a === b),
  NumericLessThan: number((a, b) => a < b),
  NumericLessThanEquals: number((a, b) => a <= b),
  NumericGreaterThan: number((a, b) => a > b),
  NumericGreaterThanEquals: number((a, b) => a >= b),
}

const negations: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NumericNotEquals: 'NumericEquals',
}

/**
 * Whether all of a condition holds. docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 * @throws TypeError at an operator, or several values of a key without a set operator, that AWS leaves open or this does not know
 */
export function conditionHolds(condition: PolicyCondition, context: RequestContext): boolean {
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) =>
      holds(operator, contextValue(context, key), [values].flat().map(String), context),
    ),
  )
}

function holds(
  operator: string,
  found: string | readonly string[] | undefined,
  written: readonly string[],
  context: RequestContext,
): boolean {
  if (operator === 'Null') return written.some((text) => (found === undefined) === (text === 'true'))
  const [, set, name, ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? []
  const isNegated = name !== undefined && Object.hasOwn(negations, name)
  const compare = comparisons[isNegated ? (negations[name] as string) : (name ?? '')]
  if (!compare) throw new TypeError(`the condition operator ${operator} is not known here`)

  const wanted = written.flatMap((text) => withVariables(text, context) ?? [])
  const matches = (value: string) => wanted.some((text) => compare(value, plain(text, name))) !== isNegated
  if (found === undefined) return ifExists !== undefined || set === 'ForAllValues' || (isNegated && !set)
  const values = [found].flat()
  if (set === 'ForAllValues') return values.every(matches)
  if (set === 'ForAnyValue') return values.some(matches)
  if (typeof found !== 'string') throw new TypeError(`${operator} cannot compare a key of several values`)
  return matches(found)
}

/** Operators without wildcards compare text as it stands: what escapes a wildcard in a variable goes again. */
function plain(text: string, operator = ''): string {
  return /Like|^Arn/.test(operator) ? text : text.replace(/\$\{([*?$])\}/g, '$1')
}
