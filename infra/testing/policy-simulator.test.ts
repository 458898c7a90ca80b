// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are IAM's variables
import { describe, expect, it } from 'vitest'
import { conditionHolds, type PolicyCondition, type RequestContext } from './policy-condition.ts'
import { matchesArn } from './policy-pattern.ts'
import { decide, mayAssume, type PolicyDocument, type PolicyStatement } from './policy-simulator.ts'

/** Against the examples of docs.aws.amazon.com/IAM/latest/UserGuide, each with the page that it is of. */

const policy = (...Statement: PolicyStatement[]): PolicyDocument => ({ Version: '2012-10-17', Statement })
const account = 'arn:aws:iam::123456789012'
const role = (policies: PolicyDocument[], boundary?: PolicyDocument) => ({
  arn: `${account}:role/someone`,
  policies,
  ...(boundary && { boundary }),
})
const may = (
  policies: PolicyDocument[],
  action: string,
  resource = '*',
  context: RequestContext = {},
  boundary?: PolicyDocument,
) => decide(role(policies, boundary), { action, resource, context })

describe('reference_policies_evaluation-logic', () => {
  const readAll = policy({ Effect: 'Allow', Action: 's3:Get*', Resource: '*' })

  it('denies by default', () => {
    expect(may([], 's3:GetObject')).toEqual({ isAllowed: false, because: 'not allowed' })
    expect(may([readAll], 's3:PutObject')).toMatchObject({ because: 'not allowed' })
  })

  it('lets an explicit denial win, whichever policy it stands in', () => {
    const denial = policy({
      Sid: 'No',
      Effect: 'Deny',
      Action: 's3:*',
      Resource: ['arn:aws:s3:::carlossalazar', 'arn:aws:s3:::carlossalazar/*'],
    })
    const at = (bucket: string) => may([readAll, denial], 's3:GetObject', `arn:aws:s3:::${bucket}/x`)
    expect(at('carlossalazar-other')).toMatchObject({ isAllowed: true })
    expect(at('carlossalazar')).toEqual({ isAllowed: false, because: 'explicitly denied', sid: 'No' })
    expect(may([readAll], 's3:GetObject', 'arn:aws:s3:::carlossalazar/x', {}, denial)).toMatchObject({
      because: 'explicitly denied',
    })
  })
})

describe('access_policies_boundaries', () => {
  const boundary = policy({ Effect: 'Allow', Action: ['s3:*', 'cloudwatch:*', 'ec2:*'], Resource: '*' })

  it('is the most that a policy can give, and gives nothing', () => {
    const createUser = policy({ Effect: 'Allow', Action: 'iam:CreateUser', Resource: '*' })
    expect(may([createUser], 'iam:CreateUser', '*', {}, boundary)).toEqual({
      isAllowed: false,
      because: 'beyond the boundary',
    })
    expect(may([], 's3:GetObject', '*', {}, boundary)).toMatchObject({ because: 'not allowed' })
    const both = policy({ Effect: 'Allow', Action: 'ec2:RunInstances', Resource: '*' })
    expect(may([both], 'ec2:RunInstances', '*', {}, boundary)).toMatchObject({ isAllowed: true })
  })

  it('is asked of whoever makes users, as in the page’s policy for Zhang', () => {
    const xCompany = `${account}:policy/XCompanyBoundaries`
    const delegated = policy(
      {
        Sid: 'CreateOrChangeOnlyWithBoundary',
        Effect: 'Allow',
        Action: ['iam:AttachUserPolicy', 'iam:CreateUser', 'iam:PutUserPolicy'],
        Resource: '*',
        Condition: { StringEquals: { 'iam:PermissionsBoundary': xCompany } },
      },
      {
        Sid: 'NoBoundaryUserDelete',
        Effect: 'Deny',
        Action: 'iam:DeleteUserPermissionsBoundary',
        Resource: '*',
      },
    )
    const create = (context: RequestContext) =>
      may([delegated], 'iam:CreateUser', `${account}:user/new`, context).isAllowed
    expect(create({ 'iam:PermissionsBoundary': xCompany })).toBe(true)
    expect(create({ 'iam:PermissionsBoundary': `${account}:policy/Other` })).toBe(false)
    expect(create({})).toBe(false)
    expect(may([delegated], 'iam:DeleteUserPermissionsBoundary')).toMatchObject({
      sid: 'NoBoundaryUserDelete',
    })
  })
})

describe('reference_policies_elements', () => {
  it('notaction: all but these', () => {
    const policies = [policy({ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' })]
    expect(may(policies, 's3:GetObject').isAllowed).toBe(true)
    expect(may(policies, 'IAM:CreateUser').isAllowed).toBe(false)
  })

  it('notresource: everywhere but there', () => {
    const policies = [
      policy(
        { Effect: 'Allow', Action: 's3:*', Resource: '*' },
        {
          Effect: 'Deny',
          Action: 's3:*',
          NotResource: ['arn:aws:s3:::HRBucket/Payroll', 'arn:aws:s3:::HRBucket/Payroll/*'],
        },
      ),
    ]
    expect(may(policies, 's3:GetObject', 'arn:aws:s3:::HRBucket/Payroll/x').isAllowed).toBe(true)
    expect(may(policies, 's3:GetObject', 'arn:aws:s3:::HRBucket/Other').isAllowed).toBe(false)
  })

  it.each([
    ['arn:aws:s3:::amzn-s3-demo-bucket/*/test/*', 'arn:aws:s3:::amzn-s3-demo-bucket/1/test/object.jpg', true],
    [
      'arn:aws:s3:::amzn-s3-demo-bucket/*/test/*',
      'arn:aws:s3:::amzn-s3-demo-bucket/1/2/test/3/object.jpg',
      true,
    ],
    ['arn:aws:s3:::amzn-s3-demo-bucket/*/test/*', 'arn:aws:s3:::amzn-s3-demo-bucket/test/object.jpg', false],
    [
      'arn:aws:s3:::amzn-s3-demo-bucket/*/test/*',
      'arn:aws:s3:::amzn-s3-demo-bucket/1-test/object.jpg',
      false,
    ],
    ['arn:aws:s3:::a?c', 'arn:aws:s3:::abc', true],
    ['arn:aws:s3:::a?c', 'arn:aws:s3:::ac', false],
    // A wildcard stays in its part.
    ['arn:aws:s3:*:bucket', 'arn:aws:s3:::bucket', false],
    ['arn:aws:lambda:*:1:function:x', 'arn:aws:lambda:us-west-2:1:function:x', true],
    ['arn:aws:lambda:us-west-2:1:function:*', 'arn:aws:lambda:us-west-2:1:function:x:1', true],
    ['arn:aws:s3:::b/a${*}b', 'arn:aws:s3:::b/a*b', true],
    ['arn:aws:s3:::b/a${*}b', 'arn:aws:s3:::b/axb', false],
  ])('resource: %s and %s: %s', (pattern, arn, isMatch) => {
    expect(matchesArn(pattern, arn)).toBe(isMatch)
  })

  it('variables: everyone their own folder, and nobody without a name', () => {
    const home = policy(
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: 'arn:aws:s3:::mybucket',
        Condition: { StringLike: { 's3:prefix': ['David/*', '${aws:username}/*'] } },
      },
      {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: "arn:aws:s3:::mybucket/${aws:PrincipalTag/team, 'company-wide'}/*",
      },
    )
    const list = (context: RequestContext) =>
      may([home], 's3:ListBucket', 'arn:aws:s3:::mybucket', context).isAllowed
    expect(list({ 'aws:username': 'ana', 's3:prefix': 'ana/x' })).toBe(true)
    expect(list({ 'aws:username': 'ana', 's3:prefix': 'bo/x' })).toBe(false)
    expect(list({ 's3:prefix': '/x' })).toBe(false)
    expect(list({ 'aws:username': '*', 's3:prefix': 'bo/x' })).toBe(false)
    const get = (key: string, context: RequestContext = {}) =>
      may([home], 's3:GetObject', `arn:aws:s3:::mybucket/${key}`, context).isAllowed
    expect([
      get('company-wide/x'),
      get('yellow/x'),
      get('yellow/x', { 'aws:PrincipalTag/team': 'yellow' }),
    ]).toEqual([true, false, true])
  })
})

describe('reference_policies_elements_condition_operators', () => {
  const cases: [string, PolicyCondition, RequestContext, boolean][] = [
    ['StringEquals: one of several', { StringEquals: { k: ['a', 'b'] } }, { k: 'b' }, true],
    ['StringEquals: cases differ', { StringEquals: { k: 'a' } }, { k: 'A' }, false],
    ['StringEquals: no wildcards', { StringEquals: { k: 'a*' } }, { k: 'ab' }, false],
    ['StringEquals: no such key', { StringEquals: { k: 'a' } }, {}, false],
    ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { k: 'a' } }, { k: 'A' }, true],
    ['StringNotEquals: none of several', { StringNotEquals: { k: ['a', 'b'] } }, { k: 'b' }, false],
    ['StringNotEquals: another', { StringNotEquals: { k: ['a', 'b'] } }, { k: 'c' }, true],
    ['StringNotEquals: no such key', { StringNotEquals: { k: 'a' } }, {}, true],
    ['StringLike', { StringLike: { k: 'a*' } }, { k: 'ab' }, true],
    ['StringNotLike', { StringNotLike: { k: 'a*' } }, { k: 'ab' }, false],
    ['IfExists: no such key', { StringEqualsIfExists: { k: 'a' } }, {}, true],
    ['IfExists: another', { StringEqualsIfExists: { k: 'a' } }, { k: 'b' }, false],
    ['Bool', { Bool: { 'aws:SecureTransport': 'false' } }, { 'aws:SecureTransport': 'false' }, true],
    ['Bool: no such key', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }, {}, false],
    ['BoolIfExists', { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'true' } }, {}, true],
    ['Null true: is not there', { Null: { 'aws:TokenIssueTime': 'true' } }, {}, true],
    [
      'Null false: is there',
      { Null: { 'aws:TokenIssueTime': 'false' } },
      { 'aws:TokenIssueTime': 'x' },
      true,
    ],
    ['Null false: is not there', { Null: { 'aws:TokenIssueTime': 'false' } }, {}, false],
    [
      'ArnLike',
      { ArnLike: { k: 'arn:aws:sns:*:123456789012:my-topic' } },
      { k: 'arn:aws:sns:eu:123456789012:my-topic' },
      true,
    ],
    ['ArnEquals is ArnLike', { ArnEquals: { k: 'arn:aws:sns:*:1:t' } }, { k: 'arn:aws:sns:eu:1:t' }, true],
    ['ArnNotEquals', { ArnNotEquals: { k: 'arn:aws:sns:*:1:t' } }, { k: 'arn:aws:sns:eu:1:u' }, true],
    ['Numeric', { NumericLessThanEquals: { 's3:max-keys': '10' } }, { 's3:max-keys': '10' }, true],
    [
      'keys in any case',
      { StringEquals: { 'AWS:ResourceTag/team': 'a' } },
      { 'aws:resourcetag/team': 'a' },
      true,
    ],
    ['all keys', { StringEquals: { k: 'a', l: 'b' } }, { k: 'a', l: 'c' }, false],
    ['all operators', { StringEquals: { k: 'a' }, StringLike: { l: 'b*' } }, { k: 'a', l: 'c' }, false],
    // reference_policies_condition-single-vs-multi-valued-context-keys
    [
      'ForAllValues: all',
      { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['environment', 'cost-center'] } },
      { 'aws:TagKeys': ['environment'] },
      true,
    ],
    [
      'ForAllValues: one other',
      { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['environment'] } },
      { 'aws:TagKeys': ['environment', 'x'] },
      false,
    ],
    [
      'ForAllValues: no such key',
      { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['environment'] } },
      {},
      true,
    ],
    [
      'ForAnyValue: one',
      { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['environment'] } },
      { 'aws:TagKeys': ['environment', 'x'] },
      true,
    ],
    [
      'ForAnyValue: none',
      { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['environment'] } },
      { 'aws:TagKeys': ['x'] },
      false,
    ],
    [
      'ForAnyValue: no such key',
      { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['environment'] } },
      {},
      false,
    ],
    [
      'ForAnyValue with Not',
      { 'ForAnyValue:StringNotEquals': { 'aws:TagKeys': ['a'] } },
      { 'aws:TagKeys': ['a', 'x'] },
      true,
    ],
  ]
  it.each(cases)('%s', (_title, condition, context, expected) => {
    expect(conditionHolds(condition, context)).toBe(expected)
  })

  it('refuses to guess', () => {
    expect(() => conditionHolds({ DateLessThan: { k: 'x' } }, { k: 'y' })).toThrow(
      'DateLessThan is not known',
    )
    expect(() => conditionHolds({ StringEquals: { k: 'x' } }, { k: ['x', 'y'] })).toThrow('several values')
    expect(() =>
      mayAssume(
        policy({ Effect: 'Allow', Principal: { CanonicalUser: 'x' }, Action: '*' }),
        { service: 'x' },
        { action: 'a' },
      ),
    ).toThrow('CanonicalUser is not known')
  })
})

describe('resource policies', () => {
  it('allow by themselves in the same account, and deny whatever else allows', () => {
    const document = policy(
      {
        Effect: 'Allow',
        Principal: { AWS: `${account}:role/someone` },
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::b/*',
      },
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: 'arn:aws:s3:::b/*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    )
    const get = (context: RequestContext = {}) =>
      decide(role([]), { action: 's3:GetObject', resource: 'arn:aws:s3:::b/x', context }, { document })
    expect(get()).toMatchObject({ isAllowed: true })
    expect(get({ 'aws:SecureTransport': 'false' })).toMatchObject({ because: 'explicitly denied' })
  })

  it('of a key leave it to the account, if they name its root, and allow nothing themselves', () => {
    const document = policy({
      Effect: 'Allow',
      Principal: { AWS: `${account}:root` },
      Action: 'kms:*',
      Resource: '*',
    })
    const use = policy({ Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' })
    const decrypt = { action: 'kms:Decrypt', resource: 'arn:aws:kms:eu:123456789012:key/1' }
    const key = { document, isRequired: true } as const
    expect(decide(role([use]), decrypt, key)).toMatchObject({ isAllowed: true })
    expect(decide(role([]), decrypt, key)).toMatchObject({ because: 'not allowed' })
    const empty = { document: policy(), isRequired: true } as const
    expect(decide(role([use]), decrypt, empty)).toMatchObject({ because: 'not allowed by the resource' })
  })
})

describe('trust policies', () => {
  it('are of one service, on behalf of one source', () => {
    const trust = policy({
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
    })
    const ask = (service: string, context: RequestContext) =>
      mayAssume(trust, { service }, { action: 'sts:AssumeRole', context })
    expect(ask('lambda.amazonaws.com', { 'aws:SourceAccount': '123456789012' })).toBe(true)
    expect(ask('lambda.amazonaws.com', { 'aws:SourceAccount': '999999999999' })).toBe(false)
    expect(ask('ec2.amazonaws.com', { 'aws:SourceAccount': '123456789012' })).toBe(false)
  })
})
