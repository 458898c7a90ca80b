import { bootstrapStack } from '../../runtime/plan/bootstrap.ts'
import { physicalName } from '../../runtime/plan/names.ts'
import type { AccountScope, StackKind } from './account-scope.ts'
import { baseGrants, networkGrants } from './base-grants.ts'
import { boundaryStatements } from './boundary-policy.ts'
import { deployStatements, type Grant, managedPolicy, readStatements } from './grants.ts'
import { guardStatements } from './guard-policy.ts'
import { roleGrants } from './role-grants.ts'
import { bucketGrants, computeGrants, eventGrants } from './stack-grants.ts'
import { imageGrants, stateGrants } from './state-grants.ts'

/** A managed policy as IAM is given it. */
export interface NamedPolicy {
  readonly name: string
  readonly json: string
}

/** What a role that workflows take is made of, beside whom it trusts. */
export interface RolePolicies {
  /** The role's own boundary. */
  readonly guard: NamedPolicy
  readonly policies: readonly NamedPolicy[]
}

/** Everything of bootstrap that decides who may do what. */
export interface AccountPolicies {
  readonly deployProd: RolePolicies
  readonly deployPreview: RolePolicies
  readonly preview: RolePolicies
  /** Of the roles that stacks make. */
  readonly prodBoundary: NamedPolicy
  readonly previewBoundary: NamedPolicy
}

/** One managed policy each, as one would be too long for all. */
function grantGroups(scope: AccountScope, kind: StackKind): Record<string, Grant[]> {
  return {
    state: [...stateGrants(scope, kind), ...imageGrants(scope, kind)],
    compute: computeGrants(scope, kind),
    events: eventGrants(scope, kind),
    buckets: bucketGrants(scope, kind),
    roles: roleGrants(scope, kind),
    ...(kind === 'prod' && { base: baseGrants(scope), network: networkGrants(scope) }),
  }
}

export function accountPolicies(scope: AccountScope, owner: string | undefined): AccountPolicies {
  const named = (part: string, statements: Parameters<typeof managedPolicy>[1]): NamedPolicy => {
    const where = { project: scope.project, stack: bootstrapStack, ...(owner !== undefined && { owner }) }
    const name = physicalName(where, [part], 64)
    return { name, json: managedPolicy(name, statements) }
  }
  const boundary = (kind: StackKind): NamedPolicy => {
    const name = kind === 'prod' ? scope.names.prodBoundary : scope.names.previewBoundary
    return { name, json: managedPolicy(name, boundaryStatements(scope, kind)) }
  }
  const deploy = (role: string, kind: StackKind): RolePolicies => {
    const groups = Object.entries(grantGroups(scope, kind))
    const all = groups.flatMap(([, grants]) => grants)
    return {
      guard: named(`${role}-guard`, guardStatements(scope, kind, all)),
      policies: groups.map(([part, grants]) => named(`${role}-${part}`, deployStatements(grants))),
    }
  }
  const seen = Object.values(grantGroups(scope, 'preview')).flat()
  return {
    deployProd: deploy('deploy-prod', 'prod'),
    deployPreview: deploy('deploy-preview', 'preview'),
    preview: {
      guard: named('preview-guard', guardStatements(scope, 'preview', onlyReads(seen))),
      policies: [named('preview-look', readStatements(seen))],
    },
    prodBoundary: boundary('prod'),
    previewBoundary: boundary('preview'),
  }
}

function onlyReads(grants: readonly Grant[]): Grant[] {
  return grants.map(({ writes: _writes, ...grant }) => grant)
}
