import { describe, expect, it } from 'vitest'
import { CatalogError, StoreError } from '../errors.ts'
import { awsError, ExplainedError, isAwsAnswer } from './aws-error.ts'

/** As the AWS SDK throws it. */
const answer = (name: string, message: string, httpStatusCode = 400) =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode } })

const explained: [string, Error, string][] = [
  [
    'an expired session of single sign-on',
    Object.assign(
      new Error('The SSO session associated with this profile has expired. To refresh run aws sso login.'),
      {
        name: 'CredentialsProviderError',
      },
    ),
    'the AWS credentials have expired: log in again',
  ],
  [
    'expired keys',
    answer('ExpiredToken', 'The provided token has expired.'),
    'the AWS credentials have expired',
  ],
  [
    'a clock that is wrong',
    answer(
      'SignatureDoesNotMatch',
      'Signature expired: 20261120T100000Z is now earlier than 20261120T103000Z',
      403,
    ),
    'the clock of this machine is wrong',
  ],
  [
    'a wrong key',
    answer('SignatureDoesNotMatch', 'The signature does not match', 403),
    'AWS does not know these credentials',
  ],
  [
    'a profile that is not there',
    Object.assign(new Error('Could not resolve credentials using profile: [x]'), {
      name: 'CredentialsProviderError',
    }),
    'no AWS credentials were found: log in (`aws sso login`) and set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: Could not resolve credentials using profile: [x]',
  ],
  [
    'a refused HEAD, which says nothing',
    answer('403', 'UnknownError', 403),
    'these credentials may not do s3:GetObject',
  ],
  [
    'Batch, which has no name for it',
    answer('ClientException', 'User: ann is not authorized to perform: batch:DescribeJobQueues'),
    'these credentials may not do s3:GetObject: User: ann is not authorized to perform: batch:DescribeJobQueues',
  ],
  [
    'what stands below our own errors',
    new CatalogError('x', { cause: answer('AccessDeniedException', 'no') }),
    'these credentials may not do',
  ],
]

describe('an answer of AWS', () => {
  it.each(explained)('is told in one line: %s', (_, error, line) => {
    const told = awsError(error, 's3:GetObject')
    expect(told).toBeInstanceOf(ExplainedError)
    expect(told.message).toContain(line)
    expect(told.message.split('\n')).toHaveLength(1)
    expect(told.cause).toBe(error)
  })

  it('is named with what was asked where nothing better is known', () => {
    const told = awsError(answer('ThrottlingException', 'Rate exceeded'), 'sqs:GetQueueUrl')
    expect(told).toBeInstanceOf(StoreError)
    expect(told.message).toBe('sqs:GetQueueUrl: ThrottlingException: Rate exceeded')
  })

  it('leaves errors alone that are none, also where they go round in a circle', () => {
    const own = new TypeError('ours')
    own.cause = own
    expect(awsError(own, 'x')).toBe(own)
    expect(isAwsAnswer(own, 'NoSuchBucket')).toBe(false)
    expect(isAwsAnswer(new StoreError('x', { cause: answer('NoSuchBucket', '') }), 'NoSuchBucket')).toBe(true)
  })

  it('asks whether this machine is online where nobody answered', () => {
    const lost = Object.assign(new Error('getaddrinfo ENOTFOUND sts'), {
      code: 'ENOTFOUND',
      $metadata: { attempts: 3 },
    })
    expect(awsError(lost, 'x').message).toBe('getaddrinfo ENOTFOUND sts: is this machine online?')
  })
})
