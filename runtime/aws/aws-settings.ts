import { STSClient, type STSClientResolvedConfig } from '@aws-sdk/client-sts'

/** What every client of an operator's command is made with. */
export interface AwsSettings {
  readonly region: string
  /** Found once for all clients, as the AWS SDK does: environment, profile, single sign-on. */
  readonly credentials: STSClientResolvedConfig['credentials']
  readonly maxAttempts: number
  readonly requestHandler: { readonly connectionTimeout: number; readonly requestTimeout: number }
}

/** Operators wait in front of a command: what does not answer is told soon. The Data API itself ends calls after 45 s. */
const patience = { connectionTimeout: 10_000, requestTimeout: 60_000 }

/** Settings for the region of a registry, whatever region the environment names. Asks nobody anything yet. */
export function awsSettings(region: string): AwsSettings {
  const { credentials } = new STSClient({ region }).config
  return { region, credentials, maxAttempts: 3, requestHandler: patience }
}
