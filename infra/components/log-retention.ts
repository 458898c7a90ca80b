/** How many days log lines are kept. Run records, which tell the outcome of each run, stay in the logs bucket. */
export const logRetentionDays = { prod: 90, preview: 14 } as const
