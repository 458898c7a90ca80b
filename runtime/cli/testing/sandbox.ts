import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../../..')
export const sluiceBin = path.join(root, 'runtime/cli/bin/sluice.mjs')

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A copy of this project's pipelines in a folder of its own, in which commands are run as a user would. */
export interface Sandbox {
  readonly folder: string
  start(...args: string[]): { readonly child: ChildProcess; readonly finished: Promise<Finished> }
  sluice(...args: string[]): Promise<Finished>
  /** The same, with variables of its own. */
  sluiceWith(env: Record<string, string>, ...args: string[]): Promise<Finished>
  /** The same, from a folder in the copy. */
  sluiceIn(folder: string, ...args: string[]): Promise<Finished>
  remove(): void
}

export function makeSandbox(
  options: { readonly env?: Record<string, string>; readonly isEmpty?: true } = {},
): Sandbox {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-test-'))
  if (!options.isEmpty) {
    for (const name of ['pipelines', 'shared', 'pipelines_config.yml']) {
      cpSync(path.join(root, name), path.join(folder, name), { recursive: true })
    }
  }
  function startIn(cwd: string, args: readonly string[], env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [sluiceBin, ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: '1', CODE_VERSION: 'test', ...options.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const text = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        text[name] += chunk.toString()
      })
    }
    const finished = new Promise<Finished>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => resolve({ code, signal, ...text }))
    })
    return { child, finished }
  }
  return {
    folder,
    start: (...args) => startIn(folder, args),
    sluice: (...args) => startIn(folder, args).finished,
    sluiceWith: (env, ...args) => startIn(folder, args, env).finished,
    sluiceIn: (below, ...args) => startIn(path.join(folder, below), args).finished,
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  }
}
