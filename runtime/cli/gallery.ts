import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { PlannedRun } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { openState, stateFolder } from '../local/state.ts'
import { serveGallery } from './gallery-server.ts'
import { planProject } from './project.ts'
import { fromHere, print } from './terminal.ts'

interface GalleryOptions {
  readonly port: string
}

/**
 * `sluice gallery`: serves what pipelines put into the gallery bucket on this machine, until it is interrupted.
 * @throws UsageError when there is no gallery, or the port is none or taken
 */
export async function gallery(options: GalleryOptions): Promise<void> {
  const port = Number(options.port)
  if (!/^\d+$/.test(options.port) || port > 65_535) {
    throw new UsageError(
      `--port: found "${options.port}"; expected a number from 0 to 65535 (0: any that is free)`,
    )
  }
  const { projectRoot, plan } = planProject()
  const store = openState(path.join(projectRoot, stateFolder)).bucket('gallery')
  const pages = await existing(
    galleryPrefixes(plan.runs).map((prefix) => `${prefix}index.html`),
    store,
  )
  if (pages.length === 0) {
    throw new UsageError(
      `there is no gallery in ${fromHere(store.root)} yet: run a pipeline that makes one (sluice demo, sluice run photos/main FILE…)`,
    )
  }
  const server = await serveGallery(store, port)
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  for (const page of pages) {
    print(`Gallery: ${root}${page === 'index.html' ? '' : page.split('/').map(encodeURIComponent).join('/')}`)
  }
  print('Ctrl-C ends it.')
  await interrupted()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

/** Where the galleries of this project are, in the gallery bucket. */
export function galleryPrefixes(runs: readonly PlannedRun[]): string[] {
  const prefixes = runs.flatMap(({ writes }) =>
    writes.filter(({ bucket }) => bucket === 'gallery').map(({ prefix }) => prefix),
  )
  return [...new Set(prefixes)].sort()
}

async function existing(
  keys: readonly string[],
  store: { head(key: string): Promise<unknown> },
): Promise<string[]> {
  const found = await Promise.all(keys.map((key) => store.head(key)))
  return keys.filter((_, i) => found[i] !== undefined)
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
