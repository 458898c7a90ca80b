/** Writes what is generated from the registry's schema: `npm run generate`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { generatedFiles } from './testing/generated-files.ts'

const root = path.resolve(import.meta.dirname, '../..')
for (const [file, text] of await generatedFiles()) {
  const target = path.join(root, file)
  mkdirSync(path.dirname(target), { recursive: true })
  writeFileSync(target, text)
  process.stdout.write(`${file}\n`)
}
