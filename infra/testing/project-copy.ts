import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..', '..')

export interface ProjectCopy {
  readonly folder: string
  /** Puts text in place of a file. */
  write(file: string, text: string): void
  remove(): void
}

/** This project in a folder of its own, with all that a deployment reads, to be changed as one likes. */
export function copyProject(): ProjectCopy {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-project-'))
  const parts = ['infra', 'runtime', 'pipelines', 'shared', 'package.json', 'pipelines_config.yml']
  const pulumi = ['Pulumi.yaml', 'Pulumi.dev.yaml', 'Pulumi.prod.yaml']
  for (const part of [...parts, ...pulumi]) {
    cpSync(path.join(root, part), path.join(folder, part), {
      recursive: true,
      filter: (source) => !source.includes('node_modules') && !source.endsWith('.test.ts'),
    })
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'dir')
  return {
    folder,
    write(file, text) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
      writeFileSync(path.join(folder, file), text)
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The registry that has every key there is. */
export const everyKeyRegistry = readFileSync(path.join(import.meta.dirname, 'every-key.yml'), 'utf8')

/** This project with that registry. */
export function copyEveryKey(): ProjectCopy {
  const copy = copyProject()
  copy.write('pipelines_config.yml', everyKeyRegistry)
  for (const name of ['buoy_batch', 'buoy_scan']) copy.write(`pipelines/${name}/README.md`, `# ${name}\n`)
  return copy
}
