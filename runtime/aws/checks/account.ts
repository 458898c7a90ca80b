import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { Plan } from '../../contracts.ts'
import type { AwsSettings } from '../aws-settings.ts'
import { type Check, fail, ok, warn } from './check.ts'

/** Who asks, and in which account. @throws as the AWS SDK does */
export async function callerOf(
  settings: AwsSettings,
): Promise<{ readonly account: string; readonly arn: string }> {
  const { Account = '', Arn = '' } = await new STSClient({ ...settings }).send(
    new GetCallerIdentityCommand({}),
  )
  return { account: Account, arn: Arn }
}

/** Credentials that work, of the registry's account. Of anything in another account, nothing else can be said. */
export function accountCheck(planned: Pick<Plan, 'accountId'>, settings: AwsSettings): Check {
  return {
    name: 'credentials',
    permission: 'sts:GetCallerIdentity',
    async look() {
      const { account, arn } = await callerOf(settings)
      if (account === planned.accountId) return ok(`${arn}, of the registry's account`)
      return fail(
        `${arn} is of account ${account}, and the registry says ${planned.accountId}`,
        'log in to the other account, or correct account_id',
      )
    },
  }
}

/** Sluice asks in the registry's region; other commands ask in the environment's, and find nothing there. */
export function regionCheck(planned: Plan, environmentRegion: string | undefined): Check {
  return {
    name: 'region',
    look() {
      const { region } = planned
      if (!environmentRegion || environmentRegion === region) return ok(region)
      return warn(
        `the registry says ${region}, and the environment ${environmentRegion}`,
        `\`sluice\` uses the registry's; for \`aws\` and \`pulumi\` set AWS_REGION=${region}`,
      )
    },
  }
}
