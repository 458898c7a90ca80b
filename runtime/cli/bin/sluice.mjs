#!/usr/bin/env node
// The installed command. What it runs is built by `npm ci` (see build.mjs).
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const program = new URL('../../../dist/cli.js', import.meta.url)
if (existsSync(program)) await import(program.href)
else {
  const checkout = fileURLToPath(new URL('../../..', import.meta.url))
  process.stderr.write(`sluice is not built: run "npm ci", or "npm run build", in ${checkout}\n`)
  process.exitCode = 70
}
