import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Log } from '../contracts.ts'

/**
 * Does `work` with an empty folder of its own below `root`, which is removed whatever comes of it. A folder that cannot
 * be removed is logged and does not change the outcome.
 */
export async function withScratchDir<T>(
  root: string,
  runId: string,
  log: Log,
  work: (scratchDir: string) => Promise<T>,
): Promise<T> {
  await mkdir(root, { recursive: true })
  // The name is for people; mkdtemp makes it unique, also for two runs of one id in a warm process.
  const name = runId.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 80)
  const scratchDir = await mkdtemp(path.join(root, `${name}-`))
  try {
    return await work(scratchDir)
  } finally {
    try {
      await rm(scratchDir, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 })
    } catch (error) {
      log.warn('Scratch:NotRemoved', { scratchDir, error })
    }
  }
}
