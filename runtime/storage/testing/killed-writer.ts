/**
 * Writes objects into the folder that it is given, in every way there is, until it is killed. Each content says how
 * long it must be and is all of one letter, so that a part of one or a mixture of two shows.
 */
import { isSluiceError } from '../../errors.ts'
import { LocalObjectStore } from '../local.ts'
import { wholeContent, writerKeys } from './whole-content.ts'

const [root = '', stateDir = ''] = process.argv.slice(2)
const store = new LocalObjectStore({ root, stateDir })

async function* pieces(content: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content)
  for (let at = 0; at < bytes.length; at += 40_000) yield bytes.subarray(at, at + 40_000)
}

async function writeOnce(turn: number): Promise<void> {
  const key = writerKeys[turn % writerKeys.length] as string
  const content = wholeContent(turn)
  const way = Math.floor(turn / writerKeys.length) % 4
  if (way === 0) await store.put(key, content)
  if (way === 1) await store.put(key, pieces(content))
  if (way === 2) {
    const head = await store.head(key)
    if (head) await store.put(key, content, { ifMatch: head.etag })
  }
  if (way === 3) {
    await store.delete(key)
    await store.put(key, content, { ifNoneMatch: '*' })
  }
}

process.stdout.write('ready\n')
for (let turn = 0; ; turn++) {
  try {
    await writeOnce(turn)
  } catch (error) {
    // Lost against another writer.
    if (!isSluiceError(error, 'precondition-failed')) throw error
  }
}
