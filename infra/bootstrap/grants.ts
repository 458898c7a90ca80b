import type { Condition, Statement } from '../permissions.ts'

/** What a deployment does with one kind of resource. */
export interface Grant {
  readonly sid: string
  /** What a preview of a deployment does too. */
  readonly reads?: readonly string[]
  /** What only a deployment does. */
  readonly writes?: readonly string[]
  readonly resources: readonly string[]
  readonly condition?: Condition
}

/** A statement that takes away, whatever else allows it; `NotAction` is all but these. */
export type Denial = Pick<Statement, 'Sid' | 'Resource' | 'Condition'> & { readonly Effect: 'Deny' } & (
    | { readonly Action: readonly string[] }
    | { readonly NotAction: readonly string[] }
  )

function statement({ sid, resources, condition }: Grant, action: readonly string[]): Statement[] {
  if (action.length === 0) return []
  return [
    {
      Sid: sid,
      Effect: 'Allow',
      Action: action,
      Resource: resources,
      ...(condition && { Condition: condition }),
    },
  ]
}

/** Statements for who deploys. */
export function deployStatements(grants: readonly Grant[]): Statement[] {
  return grants.flatMap((grant) => statement(grant, [...(grant.reads ?? []), ...(grant.writes ?? [])]))
}

/** Statements for who only looks. */
export function readStatements(grants: readonly Grant[]): Statement[] {
  return grants.flatMap((grant) => statement(grant, grant.reads ?? []))
}

/** The most characters of a managed policy, blanks not counted. docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const managedPolicyCharacters = 6144

/** A managed policy as JSON. @throws RangeError when IAM would refuse its length */
export function managedPolicy(name: string, statements: readonly (Statement | Denial)[]): string {
  const json = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  if (json.length <= managedPolicyCharacters) return json
  throw new RangeError(
    `the policy ${name} has ${json.length} characters and IAM takes ${managedPolicyCharacters}`,
  )
}
