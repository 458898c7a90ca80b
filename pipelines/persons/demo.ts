import { SeededRandom } from '../../shared/seeded-random.ts'

const firstNames = ['Ada', 'Bruno', 'Chloé', 'Dmitri', 'Esra', 'Finn', 'Grace', 'Hana', 'Ivo', 'Júlia']
const lastNames = [
  'Andersen',
  'Brook',
  'Castillo',
  "D'Amico",
  'Eriksen',
  'Fischer',
  'Green',
  'Hughes',
  "O'Neill",
]
const streets = ['Harbour Road', 'Mill Lane', 'Station Street', 'Orchard Way', 'Church Hill']
const states = ['AZ', 'CA', 'CO', 'MI', 'NC', 'NM', 'PA', 'TN', 'TX', 'WA']

const pick = <T>(random: SeededRandom, from: readonly T[]) =>
  from[Math.floor(random.next() * from.length)] as T

/** Lines of CSV as spreadsheets write them: quotes only where they are needed. */
function lines(count: number): string[] {
  const random = new SeededRandom('persons')
  return Array.from({ length: count }, (_, id) => {
    const [first, last] = [pick(random, firstNames), pick(random, lastNames)]
    const email = `${first}.${last}${id}@example.org`.toLowerCase().replaceAll('é', 'e').replaceAll('ú', 'u')
    const house = `${1 + Math.floor(random.next() * 900)} ${pick(random, streets)}`
    const address = random.next() < 0.1 ? `"Flat ${1 + (id % 9)}, ${house}"` : house
    const postal = 10_000 + Math.floor(random.next() * 89_999)
    return `${id},${email},${pick(random, states)},${postal},${address}`
  })
}

/** 200 made-up persons. */
export function demoInputs(): { site: string; name: string; content: string }[] {
  return [{ site: 'main', name: 'persons.csv', content: `${lines(200).join('\n')}\n` }]
}
