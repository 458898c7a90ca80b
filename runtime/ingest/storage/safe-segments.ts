import { ConfigError } from '../../errors.ts'

/** The parts of a path below the storage's root. @throws ConfigError for one that leads out of it */
export function safeSegments(path: string): string[] {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (!segments.includes('..')) return segments
  throw new ConfigError([
    { file: 'storage', severity: 'error', path: '', message: `the path "${path}" leads out of the storage` },
  ])
}
