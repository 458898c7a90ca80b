import type * as aws from '@pulumi/aws'
import type * as pulumi from '@pulumi/pulumi'

/**
 * Gives every role below a component a permissions boundary, whichever part makes it: the roles that deploy may make no
 * role without theirs.
 */
export function boundRoles(permissionsBoundary: string): pulumi.ResourceTransformation {
  return ({ type, props, opts }) => {
    if (type !== 'aws:iam/role:Role') return undefined
    return { props: { ...(props as aws.iam.RoleArgs), permissionsBoundary }, opts }
  }
}
