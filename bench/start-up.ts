// How long `sluice --version` takes, beside Node doing nothing: `npx tsx bench/start-up.ts`.
import path from 'node:path'
import { measure, median, showFigures } from './process-figures.ts'

const bin = path.resolve(import.meta.dirname, '../runtime/cli/bin/sluice.mjs')
const rounds = 15
const node = []
const sluice = []
for (let i = 0; i < rounds; i++) {
  node.push(await measure(process.execPath, ['-e', '0']))
  sluice.push(await measure(process.execPath, [bin, '--version']))
}
console.log(`node -e 0         ${showFigures(median(node))}`)
console.log(`sluice --version  ${showFigures(median(sluice))}`)
console.log(
  `ratio ${(median(sluice).seconds / median(node).seconds).toFixed(2)} (aim: at most 3), medians of ${rounds} in turn`,
)
