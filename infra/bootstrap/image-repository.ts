import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import { imageTagPrefixes } from '../../runtime/plan/bootstrap.ts'
import type { AccountScope } from './account-scope.ts'

const previewDays = 90
const prodImages = 50
const untaggedDays = 14

/** The images of Batch jobs. A tag never means another image later; stacks name theirs by digest. */
export class ImageRepository extends pulumi.ComponentResource {
  readonly repository: aws.ecr.Repository

  constructor(
    name: string,
    { scope }: { readonly scope: AccountScope },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super('sluice:aws:ImageRepository', name, {}, opts)
    this.repository = new aws.ecr.Repository(
      name,
      {
        name: scope.names.imageRepository,
        imageTagMutability: 'IMMUTABLE',
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: 'AES256' }],
        forceDelete: false,
      },
      { parent: this, protect: true },
    )
    new aws.ecr.LifecyclePolicy(
      `${name}-lifecycle`,
      { repository: this.repository.name, policy: lifecyclePolicy() },
      { parent: this },
    )
    this.registerOutputs({ url: this.repository.repositoryUrl })
  }
}

/** What a stack may still run stays: prod's last images whatever their age, previews' for as long as a branch may rest. */
export function lifecyclePolicy(): string {
  const expire = { type: 'expire' }
  return JSON.stringify({
    rules: [
      {
        rulePriority: 1,
        description: `The last ${prodImages} of prod stay`,
        selection: {
          tagStatus: 'tagged',
          tagPrefixList: [imageTagPrefixes.prod],
          countType: 'imageCountMoreThan',
          countNumber: prodImages,
        },
        action: expire,
      },
      {
        rulePriority: 2,
        description: `Those of previews stay ${previewDays} days`,
        selection: {
          tagStatus: 'tagged',
          tagPrefixList: [imageTagPrefixes.preview],
          countType: 'sinceImagePushed',
          countUnit: 'days',
          countNumber: previewDays,
        },
        action: expire,
      },
      {
        rulePriority: 3,
        description: `Those that no tag names stay ${untaggedDays} days`,
        selection: {
          tagStatus: 'untagged',
          countType: 'sinceImagePushed',
          countUnit: 'days',
          countNumber: untaggedDays,
        },
        action: expire,
      },
    ],
  })
}
