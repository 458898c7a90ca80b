import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { AccountScope, StackKind } from './account-scope.ts'

const previewDays = 90
const prodImages = 50
const untaggedDays = 14

/**
 * The images of Batch jobs, prod's apart from the others: a branch decides what it pushes, and under which tag. A tag
 * never means another image later, so each push needs a new one; stacks name their images by digest.
 */
export class ImageRepositories extends pulumi.ComponentResource {
  constructor(
    name: string,
    { scope }: { readonly scope: AccountScope },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super('sluice:aws:ImageRepositories', name, {}, opts)
    for (const kind of ['prod', 'preview'] as const) {
      const repository = new aws.ecr.Repository(
        `${name}-${kind}`,
        {
          name: imageRepository(scope, kind),
          imageTagMutability: 'IMMUTABLE',
          imageScanningConfiguration: { scanOnPush: true },
          encryptionConfigurations: [{ encryptionType: 'AES256' }],
          forceDelete: false,
        },
        { parent: this, protect: true },
      )
      new aws.ecr.LifecyclePolicy(
        `${name}-${kind}-lifecycle`,
        { repository: repository.name, policy: lifecyclePolicy(kind) },
        { parent: this },
      )
    }
    this.registerOutputs({})
  }
}

/** Where the images of a kind of stack are. */
export function imageRepository({ names }: Pick<AccountScope, 'names'>, kind: StackKind): string {
  return kind === 'prod' ? names.imageRepository : names.previewImageRepository
}

/** What a stack may still run stays: prod's last images whatever their age, previews' for as long as a branch may rest. */
export function lifecyclePolicy(kind: StackKind): string {
  const expire = { type: 'expire' }
  const tagged = { tagStatus: 'tagged', tagPrefixList: [`${kind}-`] }
  const since = (countNumber: number) => ({ countType: 'sinceImagePushed', countUnit: 'days', countNumber })
  const most = { countType: 'imageCountMoreThan', countNumber: prodImages }
  return JSON.stringify({
    rules: [
      {
        rulePriority: 1,
        description: kind === 'prod' ? `The last ${prodImages} stay` : `Each stays ${previewDays} days`,
        selection: { ...tagged, ...(kind === 'prod' ? most : since(previewDays)) },
        action: expire,
      },
      {
        rulePriority: 2,
        description: `Those that no tag names stay ${untaggedDays} days`,
        selection: { tagStatus: 'untagged', ...since(untaggedDays) },
        action: expire,
      },
    ],
  })
}
