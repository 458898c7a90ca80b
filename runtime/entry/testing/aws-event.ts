import { readFileSync } from 'node:fs'

/** An event as AWS sends it, from `events/`. */
export function awsEvent(name: string): Record<string, unknown> {
  const file = new URL(`./events/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
}
