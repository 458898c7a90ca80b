import type { S3Client } from '@aws-sdk/client-s3'

/**
 * A view of `client` that notes the `Date` header of its first answer. S3 does not say when a new object was last
 * modified; it counts from when its PutObject or CreateMultipartUpload came in, so the first answer is the nearest.
 */
export function watchDates(client: S3Client): { client: S3Client; firstDate: () => Date | undefined } {
  let date: Date | undefined
  const send = (...[command, ...rest]: Parameters<S3Client['send']>) => {
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        date ??= dateOf(result.response)
        return result
      },
      { step: 'deserialize', name: 'watchDates', priority: 'high' },
    )
    return client.send(command, ...rest)
  }
  return { client: Object.create(client, { send: { value: send } }) as S3Client, firstDate: () => date }
}

function dateOf(response: unknown): Date | undefined {
  const headers = (response as { readonly headers?: Readonly<Record<string, string>> }).headers
  const time = Date.parse(headers?.date ?? '')
  return Number.isNaN(time) ? undefined : new Date(time)
}
