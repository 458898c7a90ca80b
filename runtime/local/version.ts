declare const SLUICE_VERSION: string | undefined

/** The version in package.json: put here by the build. */
export const version: string = typeof SLUICE_VERSION === 'string' ? SLUICE_VERSION : '0.0.0-source'
