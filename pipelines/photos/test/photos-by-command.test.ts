import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { makeSandbox } from '../../../runtime/cli/testing/sandbox.ts'
import { demoInputs } from '../demo.ts'

const sandbox = makeSandbox()
afterAll(() => sandbox.remove())

it('six photos give six thumbnails, and the five smallest are told with all fields by the command', async () => {
  const from = path.join(sandbox.folder, 'photos')
  mkdirSync(from)
  const files = (await demoInputs()).map(({ name, content }) => {
    const file = path.join(from, path.basename(name))
    writeFileSync(file, content)
    return file
  })
  const run = await sandbox.sluice('run', 'photos/main', ...files)
  expect(run.code).toBe(1)
  expect(run.stdout).toContain('6 succeeded, 2 rejected')
  expect(`${run.stdout}${run.stderr}`).toMatch(/photos\/empty\.jpg: the file is empty/)
  expect(`${run.stdout}${run.stderr}`).toMatch(/photos\/notes\.jpg: is no image: found text/)

  const query = await sandbox.sluice('catalog', 'query', 'thumbnails-smallest', '--format', 'json')
  const rows = JSON.parse(query.stdout) as Record<string, unknown>[]
  const sizeOf = (folder: string, name: unknown) =>
    statSync(path.join(sandbox.folder, '.sluice', folder, 'photos', String(name))).size
  const sizes = files
    .map((file) => path.basename(file))
    .filter((name) => !['empty.jpg', 'notes.jpg'].includes(name))
    .map((name) => sizeOf('thumbnails', name))
  const expected = sizes.toSorted((a, b) => a - b).slice(0, 5)
  expect(sizes).toHaveLength(6)
  expect(rows.map((row) => Number(row.thumbnail_size))).toEqual(expected)
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(
      'id bucket key version upload_date upload_time file_name original_size thumbnail_size'.split(' '),
    )
    expect(Object.values(row)).not.toContain(null)
    expect(Number(row.original_size)).toBe(sizeOf('input', row.file_name))
    expect(Number(row.thumbnail_size)).toBe(sizeOf('thumbnails', row.file_name))
  }
  expect(readFileSync(path.join(sandbox.folder, '.sluice/gallery/index.html'), 'utf8')).toContain('6 photos')
}, 120_000)
