import { conditionHolds, type PolicyCondition, type RequestContext } from './policy-condition.ts'
import { matchesArn, matchesText, withVariables } from './policy-pattern.ts'

/**
 * What AWS would answer to a request, by the rules of
 * docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html: identity policies, permissions
 * boundaries, resource policies and trust policies within one account. What it does not know it refuses to guess.
 */

type OneOrMany = string | readonly string[]

/** A statement as IAM's JSON spells it. */
export interface PolicyStatement {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: '*' | Readonly<Record<string, OneOrMany>>
  readonly Action?: OneOrMany
  readonly NotAction?: OneOrMany
  readonly Resource?: OneOrMany
  readonly NotResource?: OneOrMany
  readonly Condition?: PolicyCondition
}

export interface PolicyDocument {
  readonly Version?: string
  readonly Statement: PolicyStatement | readonly PolicyStatement[]
}

/** Who asks: a role with its policies. */
export interface SimulatedRole {
  readonly arn: string
  readonly policies: readonly PolicyDocument[]
  readonly boundary?: PolicyDocument
}

/** What is asked for. `context` has the condition keys of the request beside those that follow from who asks. */
export interface PolicyRequest {
  readonly action: string
  readonly resource: string
  readonly context?: RequestContext
}

export interface Decision {
  readonly isAllowed: boolean
  /** Which rule decided it. */
  readonly because:
    | 'allowed'
    | 'explicitly denied'
    | 'not allowed'
    | 'beyond the boundary'
    | 'not allowed by the resource'
  /** The statement that denied or allowed it. */
  readonly sid?: string
}

/** How a resource's own policy takes part. */
export interface ResourcePolicy {
  readonly document: PolicyDocument
  /** A KMS key's policy has to allow a use, if only by leaving it to the account; a bucket's need not. */
  readonly isRequired?: true
}

const many = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T]

/** Whether a role may do it: an explicit denial wins; else its policies have to allow it, and its boundary as well. */
export function decide(role: SimulatedRole, request: PolicyRequest, ofResource?: ResourcePolicy): Decision {
  const asked = withPrincipal(role.arn, request)
  const identity = role.policies.flatMap((policy) => applying(policy, asked))
  const bounding = role.boundary ? applying(role.boundary, asked) : undefined
  const resource = ofResource
    ? applying(ofResource.document, asked).filter((statement) => concerns(statement, { aws: role.arn }))
    : []
  const denial = [...identity, ...(bounding ?? []), ...resource].find(({ Effect }) => Effect === 'Deny')
  if (denial) return decision(false, 'explicitly denied', denial)

  const allowedBy = (statements: readonly PolicyStatement[]) =>
    statements.find(({ Effect }) => Effect === 'Allow')
  if (ofResource?.isRequired && !allowedBy(resource)) return decision(false, 'not allowed by the resource')
  // The account's root in a resource's policy leaves the decision to the account's own policies.
  const direct = resource.find(
    (statement) => statement.Effect === 'Allow' && concerns(statement, { aws: role.arn }, true),
  )
  const allowing = allowedBy(identity) ?? direct
  if (!allowing) return decision(false, 'not allowed')
  if (bounding && !allowedBy(bounding)) return decision(false, 'beyond the boundary')
  return decision(true, 'allowed', allowing)
}

/** Whether a role's trust lets somebody take it: a service, or whom an identity provider vouches for. */
export function mayAssume(
  trust: PolicyDocument,
  who: { readonly service: string } | { readonly federated: string },
  request: { readonly action: string; readonly context?: RequestContext },
): boolean {
  const asked = { ...request, resource: '*' }
  const matching = many(trust.Statement)
    .filter((statement) => appliesTo({ ...statement, Resource: '*' }, asked))
    .filter((statement) => concerns(statement, who))
  return (
    matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny')
  )
}

/** The policy that a resource is given as JSON. */
export function parsePolicy(json: unknown): PolicyDocument {
  return JSON.parse(String(json)) as PolicyDocument
}

function decision(isAllowed: boolean, because: Decision['because'], statement?: PolicyStatement): Decision {
  return { isAllowed, because, ...(statement?.Sid !== undefined && { sid: statement.Sid }) }
}

function withPrincipal(arn: string, request: PolicyRequest): PolicyRequest {
  const implied = {
    'aws:PrincipalArn': arn,
    'aws:PrincipalAccount': arn.split(':')[4] ?? '',
    'aws:SecureTransport': 'true',
  }
  return { ...request, context: { ...implied, ...request.context } }
}

function applying(policy: PolicyDocument, request: PolicyRequest): PolicyStatement[] {
  return many(policy.Statement).filter((statement) => appliesTo(statement, request))
}

function appliesTo(statement: PolicyStatement, { action, resource, context = {} }: PolicyRequest): boolean {
  const { Action, NotAction, Resource, NotResource, Condition } = statement
  const isAction = (pattern: string) => matchesText(pattern, action, { ignoresCase: true })
  const isResource = (pattern: string) => {
    const filled = withVariables(pattern, context)
    return filled !== undefined && matchesArn(filled, resource)
  }
  const names = (
    named: OneOrMany | undefined,
    others: OneOrMany | undefined,
    test: (p: string) => boolean,
  ) => {
    if (named !== undefined && others !== undefined) throw new TypeError('both a list and its opposite')
    return named === undefined ? others !== undefined && !many(others).some(test) : many(named).some(test)
  }
  return (
    names(Action, NotAction, isAction) &&
    names(Resource, NotResource, isResource) &&
    conditionHolds(Condition ?? {}, context)
  )
}

/** Whether a statement of a resource's or trust policy is about somebody; `directly`: and not only by its account. */
function concerns(
  { Principal }: PolicyStatement,
  who: { readonly aws?: string; readonly service?: string; readonly federated?: string },
  directly = false,
): boolean {
  if (Principal === undefined) throw new TypeError('a statement of a resource’s policy has no Principal')
  if (Principal === '*') return true
  const { AWS, Service, Federated, ...unknown } = Principal
  const [strange] = Object.keys(unknown)
  if (strange !== undefined) throw new TypeError(`the kind of principal ${strange} is not known here`)
  if (who.service !== undefined) return many(Service).includes(who.service)
  if (who.federated !== undefined) return many(Federated).includes(who.federated)
  const account = who.aws?.split(':')[4] ?? ''
  const ofAccount = [account, `${who.aws?.split(':').slice(0, 5).join(':')}:root`]
  return many(AWS).some(
    (principal) => principal === '*' || principal === who.aws || (!directly && ofAccount.includes(principal)),
  )
}
