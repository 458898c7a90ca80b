/**
 * Thumbnails of fifty generated 12-megapixel JPEGs, next to Debian's vipsthumbnail, in one process and in one for each
 * processor: `npx tsx bench/thumbnails.ts [rounds]`. Whole processes are measured, from start to end, in turn.
 */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { makeThumbnail, readImage } from '../runtime/media/image.ts'
import { SeededRandom } from '../shared/seeded-random.ts'
import { type Figures, measure, median, showFigures } from './process-figures.ts'

const count = 50
const different = 5
const side = 512
const quality = 80
const vipsthumbnail = ['/usr/bin/vipsthumbnail', '/opt/homebrew/bin/vipsthumbnail'].find(existsSync)

/** Broad forms with fine grain on them, which comes to what cameras write: some 4 MB. */
async function generate(folder: string): Promise<void> {
  const { default: sharp } = await import('sharp')
  const [width, height] = [4000, 3000]
  for (let i = 0; i < different; i++) {
    const random = new SeededRandom(`photo ${i}`)
    const forms = Buffer.from(Array.from({ length: 16 * 12 * 3 }, () => 256 * random.next()))
    const grain = Buffer.from(Array.from({ length: 500 * 375 * 3 }, () => random.normal(128, 26)))
    const broad = await sharp(forms, { raw: { width: 16, height: 12, channels: 3 } })
      .resize(width, height, { kernel: 'cubic' })
      .png({ compressionLevel: 0 })
      .toBuffer()
    const fine = await sharp(grain, { raw: { width: 500, height: 375, channels: 3 } })
      .png()
      .toBuffer()
    const photo = await sharp(broad)
      .composite([{ input: fine, tile: true, blend: 'soft-light' }])
      .withMetadata({ orientation: 1 })
      .jpeg({ quality: 92 })
      .toBuffer()
    await writeFile(path.join(folder, `photo-${String(i).padStart(2, '0')}.jpg`), photo)
  }
  for (let i = different; i < count; i++) {
    const name = (number: number) => path.join(folder, `photo-${String(number).padStart(2, '0')}.jpg`)
    await copyFile(name(i % different), name(i))
  }
}

/** What the process under test does: all of a folder at once, as a pipeline with many photos might. */
async function makeAll(from: string, to: string): Promise<void> {
  const names = await readdir(from)
  await Promise.all(
    names.map(async (name) => {
      const { bytes } = await makeThumbnail(path.join(from, name), { size: { fit: [side, side] }, quality })
      await writeFile(path.join(to, name), bytes)
    }),
  )
}

async function compare(rounds: number): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-thumbnails-'))
  const [photos, ours, theirs] = ['photos', 'ours', 'theirs'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ]
  try {
    for (const made of [photos, ours, theirs]) await mkdir(made)
    await generate(photos)
    const files = (await readdir(photos)).map((name) => path.join(photos, name))
    const { width, height } = await readImage(files[0] as string)
    console.log(`${count} JPEGs of ${width} x ${height} to ${side} px, medians of ${rounds} rounds in turn`)

    const cpus = availableParallelism()
    const output = `--output=${theirs}/%s.jpg[Q=${quality},strip]`
    const vips = ['--size', `${side}x${side}`, '--export-profile', 'srgb', output]
    const script = `printf '%s\\0' "$@" | xargs -0 -n ${Math.ceil(count / cpus / 2)} -P ${cpus} "$VIPS" ${vips.map((word) => `'${word}'`).join(' ')}`
    const runs: Record<string, () => Promise<Figures>> = {
      sluice: () =>
        measure(process.execPath, ['--import', 'tsx', import.meta.filename, 'make', photos, ours]),
      ...(vipsthumbnail && {
        vipsthumbnail: () => measure(vipsthumbnail, [...files, ...vips]),
        [`vipsthumbnail, ${cpus} processes`]: () =>
          measure('/bin/sh', ['-c', script, 'sh', ...files], { env: { VIPS: vipsthumbnail } }),
      }),
    }
    const figures = new Map<string, Figures[]>(Object.keys(runs).map((name) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const [name, run] of Object.entries(runs)) figures.get(name)?.push(await run())
    }
    const medians = [...figures].map(([name, list]) => [name, median(list)] as const)
    for (const [name, figure] of medians) console.log(`${name.padEnd(28)} ${showFigures(figure)}`)
    if (!vipsthumbnail)
      console.log('vipsthumbnail is not installed: nothing to compare with (apt install libvips-tools)')
    const [own, ...others] = medians.map(([, { seconds }]) => seconds) as [number, ...number[]]
    if (others.length > 0) {
      const ratios = others.map((seconds) => (own / seconds).toFixed(2)).join(' and ')
      console.log(`ratio ${ratios} (aim: below 1)`)
      for (const made of [ours, theirs]) {
        const sizes = await Promise.all((await readdir(made)).map((name) => readImage(path.join(made, name))))
        const wrong = sizes.filter((image) => Math.max(image.width, image.height) !== side)
        if (sizes.length !== count || wrong.length > 0)
          throw new Error(`${made} does not hold ${count} thumbnails`)
      }
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const [mode, ...rest] = process.argv.slice(2)
if (mode === 'make') await makeAll(rest[0] as string, rest[1] as string)
else await compare(Number(mode ?? 3))
