import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { BucketRole, OutputRecord } from '../contracts.ts'
import { openState } from '../local/state.ts'
import { plannedRun } from '../run/testing/fixtures.ts'
import { demoReport } from './demo-report.ts'
import type { FinishedRun } from './run-table.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-demo-report-'))
afterAll(() => rmSync(folder, { recursive: true }))

const run = plannedRun({ uses: ['catalog'] })
const wrote = (bucket: BucketRole, key: string): OutputRecord => ({
  bucket,
  key,
  size: 1,
  etag: 'e',
  sha256: 's',
})

function finished(...outputs: OutputRecord[]): FinishedRun {
  const result = {
    pipeline: 'lidar',
    site: 'humboldt',
    runId: 'r',
    attempt: 1,
    work: { kind: 'objects', keys: ['in/a.csv'] },
    outcome: 'succeeded',
    isSettled: true,
    outputs,
    counts: {},
    warnings: [],
    startedAt: '2026-11-20T14:05:00Z',
    endedAt: '2026-11-20T14:05:01Z',
  } as const
  return { run, report: { results: [result] } } as unknown as FinishedRun
}

const state = openState(path.join(folder, '.sluice'))
const report = (runs: readonly FinishedRun[], notRun: Parameters<typeof demoReport>[1] = []) =>
  demoReport(runs, notRun, [run], state).replaceAll(path.relative(process.cwd(), folder), '')

describe('demoReport', () => {
  it('tells of each bucket what was made in it, each file once', () => {
    const text = report([
      finished(wrote('output', 'video/a.mp4'), wrote('output', 'data/a.nc'), wrote('thumbnails', 'a.jpg')),
      finished(wrote('gallery', 'small/a.jpg'), wrote('gallery', 'index.html')),
      finished(wrote('gallery', 'small/b.jpg'), wrote('gallery', 'index.html')),
    ])
    const made = text.slice(text.indexOf('What was made')).split('\n')
    expect(made).toEqual([
      'What was made',
      '  2 files in /.sluice/output/, such as video/a.mp4',
      '  1 thumbnail in /.sluice/thumbnails/, such as a.jpg',
      '  3 files of the gallery in /.sluice/gallery/, such as index.html',
      '  a record of each run in /.sluice/logs/runs/, and of each failure in /.sluice/logs/failures/',
      '  Look into one: npx sluice inspect /.sluice/output/data/a.nc',
      '  Ask the catalog: npx sluice catalog query files-by-type',
      '  Look at the photos: npx sluice gallery',
    ])
  })

  it('tells which pipelines were not run, and how to install what they miss', () => {
    const text = report([], [{ pipeline: 'video_watermark', missing: ['ffmpeg', 'ffprobe'] }])
    expect(text).toContain(
      'not run: video_watermark: it needs ffmpeg and ffprobe, which are not installed here\n  apt install ffmpeg (Debian, Ubuntu) or brew install ffmpeg (macOS)\n',
    )
    expect(report([], [{ pipeline: 'scans', missing: ['tesseract'] }])).toContain(
      'it needs tesseract, which is not installed here\n  apt install tesseract (Debian',
    )
  })
})
