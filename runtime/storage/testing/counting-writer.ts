/** Adds one to a counter object as often as it is told to, by conditional writes against every other writer. */
import { isSluiceError } from '../../errors.ts'
import { readText } from '../body.ts'
import { LocalObjectStore } from '../local.ts'

const [root = '', times = '0'] = process.argv.slice(2)
const store = new LocalObjectStore({ root })

process.stdout.write('ready\n')
for (let done = 0; done < Number(times); ) {
  const object = await store.get('counter')
  if (!object) throw new Error('there is no counter')
  const next = String(Number(await readText(object.body)) + 1)
  try {
    await store.put('counter', next, { ifMatch: object.etag })
    done++
  } catch (error) {
    if (!isSluiceError(error, 'precondition-failed')) throw error
  }
}
