#!/usr/bin/env node
// Stands for the `pulumi` command: notes how it was called, and keeps as much of a state as scripts look at.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

const args = process.argv.slice(2).filter((arg) => !['--non-interactive', '--color', 'never'].includes(arg))
const state = new URL(process.env.PULUMI_BACKEND_URL ?? '').pathname
const { FAKE_PULUMI_LOG: log = '', FAKE_PULUMI_PROJECT: project = '', FAKE_PULUMI_FAILS: fails } = process.env
const option = (name) => args[args.indexOf(name) + 1] ?? ''
const stackFile = (stack) => path.join(state, '.pulumi/stacks', project, `${stack}.json`)
const locks = (stack) => path.join(state, '.pulumi/locks/organization', project, stack)
const isLocked = (stack) => existsSync(locks(stack))

appendFileSync(log, `${args.join(' ')}\n`)
const [command, sub, name] = args
if (fails === command) {
  process.stderr.write('error: as asked\n')
  process.exit(255)
}
if (command === 'stack' && sub === 'init') {
  mkdirSync(path.dirname(stackFile(name)), { recursive: true })
  writeFileSync(stackFile(name), '{}')
  // As the command does, into the file that is there.
  appendFileSync(`Pulumi.${name}.yaml`, 'encryptedkey: abc\n')
} else if (command === 'stack' && sub === 'history') {
  process.stdout.write('[{"config":{"sluice:image":{"value":"host/jobs@sha256:deployed","secret":false}}}]')
} else if (command === 'cancel') {
  rmSync(locks(option('--stack')), { recursive: true })
} else if (command === 'up' || command === 'destroy') {
  const stack = option('--stack')
  if (isLocked(stack)) {
    process.stderr.write('error: the stack is currently locked by 1 lock(s).\n')
    process.exit(255)
  }
  if (command === 'destroy') rmSync(stackFile(stack))
} else if (command === 'preview') {
  process.stdout.write(`Previewing\n${readFileSync(`Pulumi.${option('--stack')}.yaml`, 'utf8')}`)
}
