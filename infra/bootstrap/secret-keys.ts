import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { AccountScope, StackKind } from './account-scope.ts'
import { previewRoleArns } from './state-bucket.ts'

/** The keys that secrets in the state of stacks are encrypted with: prod's own, and one of all the others. */
export class SecretKeys extends pulumi.ComponentResource {
  constructor(
    name: string,
    { scope }: { readonly scope: AccountScope },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super('sluice:aws:SecretKeys', name, {}, opts)
    for (const kind of ['prod', 'preview'] as const) {
      const key = new aws.kms.Key(
        `${name}-${kind}`,
        {
          description: `Secrets in the state of ${scope.project}: ${kind === 'prod' ? 'prod' : 'previews and base stack'}`,
          enableKeyRotation: true,
          deletionWindowInDays: 30,
          policy: keyPolicy(scope, kind),
        },
        // Without its key, a state with secrets cannot be read again.
        { parent: this, protect: true },
      )
      new aws.kms.Alias(
        `${name}-${kind}-alias`,
        {
          name: kind === 'prod' ? scope.names.prodKeyAlias : scope.names.previewKeyAlias,
          targetKeyId: key.keyId,
        },
        { parent: this },
      )
    }
    this.registerOutputs({})
  }
}

/** The account's own policies say who may use a key, as long as they do not let branches to prod's. */
export function keyPolicy(scope: AccountScope, kind: StackKind): string {
  const { accountId, partition } = scope
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Account',
        Effect: 'Allow',
        Principal: { AWS: `arn:${partition}:iam::${accountId}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
      ...(kind === 'prod'
        ? [
            {
              Sid: 'ProdOnly',
              Effect: 'Deny',
              Principal: '*',
              Action: 'kms:*',
              Resource: '*',
              Condition: { ArnEquals: { 'aws:PrincipalArn': previewRoleArns(scope) } },
            },
          ]
        : []),
    ],
  })
}
