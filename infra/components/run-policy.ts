import type * as aws from '@pulumi/aws'
import type * as pulumi from '@pulumi/pulumi'
import { policyJson, type Statement } from '../permissions.ts'

/** As long as the unique ids that IAM gives roles. */
const someRoleId = 'A'.repeat(21)

/**
 * The policy of a run's role, of which some statements name the role itself. Its length is checked at once, and not
 * only when AWS has made the role. @throws ConfigError
 */
export function runPolicy(
  key: string,
  role: aws.iam.Role,
  statements: (roleId: string) => readonly Statement[],
): pulumi.Output<string> {
  policyJson(statements(someRoleId), key)
  return role.uniqueId.apply((roleId) => policyJson(statements(roleId), key))
}
