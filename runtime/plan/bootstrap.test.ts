import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootstrapNames, repositoryVariables } from './bootstrap.ts'

const scope = { project: 'ocean-pipelines', accountId: '123456789012', region: 'us-west-2' }

describe('bootstrapNames', () => {
  it('are readable', () => {
    expect(bootstrapNames(scope)).toEqual({
      stateBucket: expect.stringMatching(/^ocean-pipelines-state-bootstrap-[0-9a-f]{10}$/),
      imageRepository: 'ocean-pipelines/bootstrap/jobs',
      previewImageRepository: 'ocean-pipelines/bootstrap/preview-jobs',
      prodKeyAlias: 'alias/ocean-pipelines--bootstrap--prod',
      previewKeyAlias: 'alias/ocean-pipelines--bootstrap--preview',
      deployProdRole: 'ocean-pipelines--bootstrap--deploy-prod',
      deployPreviewRole: 'ocean-pipelines--bootstrap--deploy-preview',
      previewRole: 'ocean-pipelines--bootstrap--preview',
      prodBoundary: 'ocean-pipelines--bootstrap--prod-boundary',
      previewBoundary: 'ocean-pipelines--bootstrap--preview-boundary',
    })
  })

  it('are names that each service takes, whatever the project and its owner are called', () => {
    const word = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 }),
      fc.constant('a__b--c'),
    )
    fc.assert(
      fc.property(word, fc.option(word, { nil: undefined }), (project, owner) => {
        const names = bootstrapNames({ ...scope, project, ...(owner !== undefined && { owner }) })
        const {
          stateBucket,
          imageRepository,
          previewImageRepository,
          prodKeyAlias,
          previewKeyAlias,
          ...roles
        } = names
        expect(stateBucket).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/)
        // docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
        for (const repository of [imageRepository, previewImageRepository])
          expect(repository).toMatch(/^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/)
        for (const alias of [prodKeyAlias, previewKeyAlias]) expect(alias).toMatch(/^alias\/[a-zA-Z0-9/_-]+$/)
        for (const role of Object.values(roles)) expect(role).toMatch(/^[\w+=,.@-]{1,64}$/)
        expect(new Set(Object.values(names)).size).toBe(10)
      }),
    )
  })
})

describe('repositoryVariables', () => {
  it('say what the workflows have to know, and nothing that is secret', () => {
    const values = Object.fromEntries(
      repositoryVariables.map(({ name, valueFor }) => [name, valueFor(scope)]),
    )
    const { stateBucket } = bootstrapNames(scope)
    expect(values).toEqual({
      AWS_REGION: 'us-west-2',
      SLUICE_STATE_URL: `s3://${stateBucket}?region=us-west-2`,
      SLUICE_SECRETS_PROVIDER_PROD: 'awskms://alias/ocean-pipelines--bootstrap--prod?region=us-west-2',
      SLUICE_SECRETS_PROVIDER_PREVIEW: 'awskms://alias/ocean-pipelines--bootstrap--preview?region=us-west-2',
      SLUICE_DEPLOY_PROD_ROLE: 'arn:aws:iam::123456789012:role/ocean-pipelines--bootstrap--deploy-prod',
      SLUICE_DEPLOY_PREVIEW_ROLE: 'arn:aws:iam::123456789012:role/ocean-pipelines--bootstrap--deploy-preview',
      SLUICE_PREVIEW_ROLE: 'arn:aws:iam::123456789012:role/ocean-pipelines--bootstrap--preview',
      SLUICE_PROD_BOUNDARY: 'arn:aws:iam::123456789012:policy/ocean-pipelines--bootstrap--prod-boundary',
      SLUICE_PREVIEW_BOUNDARY:
        'arn:aws:iam::123456789012:policy/ocean-pipelines--bootstrap--preview-boundary',
      SLUICE_IMAGE_REPOSITORY: '123456789012.dkr.ecr.us-west-2.amazonaws.com/ocean-pipelines/bootstrap/jobs',
      SLUICE_PREVIEW_IMAGE_REPOSITORY:
        '123456789012.dkr.ecr.us-west-2.amazonaws.com/ocean-pipelines/bootstrap/preview-jobs',
    })
  })

  it('follow the partition of the region', () => {
    const china = { ...scope, region: 'cn-north-1' }
    const values = repositoryVariables.map(({ valueFor }) => valueFor(china)).join(' ')
    expect(values).toContain('arn:aws-cn:iam::')
    expect(values).toContain('.amazonaws.com.cn/')
  })
})
