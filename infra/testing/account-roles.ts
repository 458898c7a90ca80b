import type { Registry } from '../../runtime/contracts.ts'
import { registryOf } from '../../runtime/plan/testing/sites.ts'
import { type AccountScope, accountScope } from '../bootstrap/account-scope.ts'
import { type AccountPolicies, accountPolicies, type RolePolicies } from '../bootstrap/deploy-policies.ts'
import { parsePolicy, type SimulatedRole } from './policy-simulator.ts'

/** The roles that workflows take, as AWS would see them, and what they are made of. */
export interface AccountRoles {
  readonly scope: AccountScope
  readonly policies: AccountPolicies
  readonly deployProd: SimulatedRole
  readonly deployPreview: SimulatedRole
  readonly preview: SimulatedRole
}

/** What bootstrap makes of a registry; without one, of that of tests. */
export function accountRoles(registry: Registry = registryOf([])): AccountRoles {
  const scope = accountScope(registry, registry.project)
  const policies = accountPolicies(scope, registry.owner)
  const roleOf = (name: string, { policies: own, guard }: RolePolicies): SimulatedRole => ({
    arn: `arn:aws:iam::${scope.accountId}:role/${name}`,
    policies: own.map(({ json }) => parsePolicy(json)),
    boundary: parsePolicy(guard.json),
  })
  return {
    scope,
    policies,
    deployProd: roleOf(scope.names.deployProdRole, policies.deployProd),
    deployPreview: roleOf(scope.names.deployPreviewRole, policies.deployPreview),
    preview: roleOf(scope.names.previewRole, policies.preview),
  }
}
