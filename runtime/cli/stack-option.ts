import { Option } from 'commander'
import { UsageError } from '../errors.ts'

/** What Pulumi takes for a stack's name. */
const stackPattern = /^[A-Za-z0-9_.-]{1,100}$/

/** @throws UsageError for what cannot be the name of a stack */
export function stackNameOf(text: string): string {
  if (stackPattern.test(text)) return text
  throw new UsageError(
    `--stack ${JSON.stringify(text)}: a stack's name has 1 to 100 letters, digits, ".", "_" and "-"; \`sluice stack\` tells the one of this branch`,
  )
}

/** `--stack`, with a name that a stack can have. */
export function stackOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(stackNameOf)
}
