#!/usr/bin/env node
// The installed command. What it runs is built by `npm ci` (see build.mjs).
await import('../../../dist/cli.js')
