import type { Plan } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { type CostAssumptions, defaultAssumptions, estimateCost } from '../plan/cost.ts'
import { prices } from '../plan/prices.ts'
import { colors, print, table } from './terminal.ts'

/** What `sluice plan --cost` may be told, as the command line gives it. */
export interface CostOptions {
  readonly runsPerDay?: string
  readonly seconds?: string
  readonly gb?: string
  readonly months?: string
}

/** @throws UsageError that names the option */
export function readAssumptions(options: CostOptions): CostAssumptions {
  const number = (name: string, text: string | undefined, fallback: number) => {
    if (text === undefined) return fallback
    if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
    throw new UsageError(`--${name} ${text}: expected a number such as ${fallback}`)
  }
  return {
    ...defaultAssumptions,
    runsPerDay: number('runs-per-day', options.runsPerDay, defaultAssumptions.runsPerDay),
    secondsPerRun: number('seconds', options.seconds, defaultAssumptions.secondsPerRun),
    gbPerRun: number('gb', options.gb, defaultAssumptions.gbPerRun),
    monthsKept: number('months', options.months, defaultAssumptions.monthsKept),
  }
}

/** Prints what a plan's stack would cost, with what that rests on. */
export function printCost(plan: Plan, assumptions: CostAssumptions, asJson: boolean): void {
  const estimate = estimateCost(plan, assumptions)
  if (asJson) {
    print(JSON.stringify({ prices, assumptions, estimate }, undefined, 2))
    return
  }
  const right = ['runs a month', 'compute', 'requests', 'storage', 'USD a month']
  print(
    table(
      ['run', ...right],
      estimate.runs.map((run) => [
        run.key,
        String(Math.round(run.runsPerMonth)),
        ...[run.compute, run.requests, run.storage, run.total].map(showDollars),
      ]),
      { right },
    ),
  )
  const items = (title: string, rows: readonly { readonly what: string; readonly monthly: number }[]) => {
    if (rows.length === 0) return
    const shown = rows.map(({ what, monthly }) => [what, showDollars(monthly)])
    print(`\n${table([title, 'USD a month'], shown, { right: ['USD a month'] })}`)
  }
  items('pipeline', estimate.pipelines)
  items('the idle stack', estimate.idle)
  items('shared by all stacks, idle', estimate.base)
  print(colors.bold(`\nAbout ${showDollars(estimate.total)} USD a month for the stack ${plan.stack}`))
  print(colors.dim(showAssumptions(assumptions)))
}

function showAssumptions({
  runsPerDay,
  secondsPerRun,
  gbPerRun,
  monthsKept,
  architecture,
}: CostAssumptions): string {
  return [
    `It rests on: ${runsPerDay} objects a day for each site (--runs-per-day), a run at each look of a schedule,`,
    `${secondsPerRun} s a run (--seconds), ${gbPerRun} GB read and written a run of which half is kept (--gb),`,
    `for ${monthsKept} months (--months); ${architecture}; list prices of ${prices.region}, ${prices.asOf}, without free tiers.`,
  ].join('\n')
}

function showDollars(amount: number): string {
  return amount > 0 && amount < 0.01 ? '<0.01' : amount.toFixed(2)
}
