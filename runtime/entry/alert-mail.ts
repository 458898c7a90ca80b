import type { WorkUnit } from '../contracts.ts'
import type { Incident } from './incident.ts'
import type { LateRun } from './lateness.ts'

export interface Mail {
  /** At most 100 characters of ASCII, as SNS takes them. */
  readonly subject: string
  readonly body: string
}

/** Where what the mail is about has happened. */
export interface MailOrigin {
  readonly stack: string
  readonly logsBucket: string
}

const maxSubject = 100
/** SNS takes 256 KB; a person reads less. */
const maxShown = 40
const maxMessage = 1500

/** Failures in one readable mail. */
export function failureMail(incidents: readonly Incident[], origin: MailOrigin): Mail {
  const runs = [...new Set(incidents.map(({ pipeline, site }) => `${pipeline}/${site}`))].sort()
  const what = ['rejected', 'failed'].flatMap((outcome) => {
    const count = incidents.filter((incident) => incident.outcome === outcome).length
    return count > 0 ? [`${count} ${outcome}`] : []
  })
  const shown = incidents.slice(0, maxShown).map((incident) => paragraph(incident, origin))
  const more = incidents.length - shown.length
  return {
    subject: subjectOf(origin.stack, `${what.join(', ')}: ${runs.join(', ')}`),
    body: [
      `Runs of the stack ${origin.stack} that need someone: ${what.join(', ')}.`,
      'Rejected: the input is bad, and no retry can help. Failed: all attempts are used up; a replay may help.',
      ...shown,
      ...(more > 0 ? [`… and ${more} more; their reports stand in s3://${origin.logsBucket}/failures/`] : []),
      '',
    ].join('\n\n'),
  }
}

/** Runs without success in time, in one readable mail. */
export function latenessMail(late: readonly LateRun[], origin: MailOrigin): Mail {
  const lines = late.map(({ key, last, allowedSeconds }) => {
    const since = last === undefined ? 'has never succeeded' : `last succeeded, or had nothing to do, ${last}`
    return `${key}: ${since}; expected every ${showSpan(allowedSeconds)}`
  })
  return {
    subject: subjectOf(origin.stack, `${late.length} late: ${late.map(({ key }) => key).join(', ')}`),
    body: [`Scheduled runs of the stack ${origin.stack} that are late:`, ...lines, ''].join('\n\n'),
  }
}

function paragraph(incident: Incident, { logsBucket }: MailOrigin): string {
  const { pipeline, site, runId, outcome, at, message, work, record } = incident
  const text = message.length > maxMessage ? `${message.slice(0, maxMessage)}…` : message
  return [
    `${pipeline}/${site} ${outcome} at ${at}`,
    ...(work ? [`  work:   ${showWork(work)}`] : []),
    `  reason: ${text.replaceAll('\n', '\n          ')}`,
    `  run:    ${runId}`,
    ...(record === undefined ? [] : [`  record: s3://${logsBucket}/${record}`]),
  ].join('\n')
}

function showWork(work: WorkUnit): string {
  if (work.kind === 'window') return `${work.window.start} to ${work.window.end}`
  if (work.kind === 'prefix') {
    const what = work.prefix === '' ? 'the whole bucket' : `everything under ${work.prefix}`
    return work.shard ? `${what}, part ${work.shard.index + 1} of ${work.shard.of}` : what
  }
  const [first, ...others] = work.keys
  if (first === undefined) return 'unknown: it ended before it had found its work'
  return others.length === 0 ? first : `${first} and ${others.length} more`
}

function subjectOf(stack: string, text: string): string {
  // Line ends and other control characters would make SNS refuse the mail.
  const plain = `[sluice ${stack}] ${text}`.replace(/[^\x20-\x7e]/g, '?')
  return plain.length <= maxSubject ? plain : `${plain.slice(0, maxSubject - 3)}...`
}

function showSpan(seconds: number): string {
  const hours = Math.round(seconds / 3600)
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`
}
