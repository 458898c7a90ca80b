import { AbortMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3'

/**
 * A view of `client` for one upload. It notes the `Date` header of the first answer: S3 does not say when a new object
 * was last modified, but counts from when its PutObject or CreateMultipartUpload came in, so that is the nearest.
 * `signal` ends every request but the one that takes an upload's parts back.
 */
export function uploadClient(
  client: S3Client,
  signal: AbortSignal | undefined,
): { client: S3Client; firstDate: () => Date | undefined } {
  let date: Date | undefined
  const send = (command: Parameters<S3Client['send']>[0]) => {
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        date ??= dateOf(result.response)
        return result
      },
      { step: 'deserialize', name: 'firstDate', priority: 'high' },
    )
    const isStopped = signal && !(command instanceof AbortMultipartUploadCommand)
    return client.send(command, { ...(isStopped && { abortSignal: signal }) })
  }
  return { client: Object.create(client, { send: { value: send } }) as S3Client, firstDate: () => date }
}

function dateOf(response: unknown): Date | undefined {
  const headers = (response as { readonly headers?: Readonly<Record<string, string>> }).headers
  const time = Date.parse(headers?.date ?? '')
  return Number.isNaN(time) ? undefined : new Date(time)
}
