import type { CiEnvironment } from '../ci-environment.ts'

/** An environment whose clock only moves when someone sleeps. */
export interface FakeEnvironment extends CiEnvironment {
  readonly lines: string[]
  readonly slept: number[]
}

export function fakeEnvironment(
  variables: Readonly<Record<string, string>> = {},
  part: Partial<CiEnvironment> = {},
): FakeEnvironment {
  const lines: string[] = []
  const slept: number[] = []
  let time = Date.parse('2026-11-20T10:00:00Z')
  return {
    projectRoot: '/nowhere',
    variables,
    now: () => new Date(time),
    async sleep(milliseconds) {
      slept.push(milliseconds)
      time += milliseconds
    },
    log: (line) => {
      lines.push(line)
    },
    lines,
    slept,
    ...part,
  }
}
