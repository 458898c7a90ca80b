import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { PlannedRun } from '../../runtime/contracts.ts'
import { plannedRun } from '../../runtime/run/testing/fixtures.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** A project of its own that shares this one's runtime and packages. */
export class FixtureProject {
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'fixture-project-'))

  constructor(files: Readonly<Record<string, string>>) {
    for (const folder of ['runtime', 'node_modules']) {
      symlinkSync(path.join(root, folder), path.join(this.root, folder))
    }
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(path.join(root, file), path.join(this.root, file))
    }
    for (const [name, text] of Object.entries(files)) this.write(name, text)
  }

  write(name: string, text: string): void {
    const file = path.join(this.root, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** The plan of a pipeline of a fixture project at one site. */
export function fixtureRun(pipeline: string, changes: Partial<PlannedRun> = {}): PlannedRun {
  return plannedRun({
    key: `${pipeline}/here`,
    pipeline,
    site: 'here',
    configFile: `pipelines/${pipeline}/pipeline.yaml`,
    ...changes,
  })
}
