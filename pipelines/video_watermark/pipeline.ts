import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import {
  ConfigError,
  InputError,
  type JsonObject,
  objectInput,
  type PipelineModule,
  type PlannedRun,
  type RunContext,
  readWatermarkImage,
  type Succeeded,
  type VideoEncoding,
  type WatermarkImage,
  WatermarkImageError,
  type WatermarkPlacement,
  watermarkVideo,
} from '../../runtime/index.ts'

/** What `pipeline.schema.json` allows, which `sluice check` compares the configuration with. */
interface Parameters extends WatermarkPlacement {
  /** The image, from the project root. */
  readonly watermark: string
  readonly crf?: VideoEncoding['crf']
  readonly preset?: VideoEncoding['preset']
  readonly max_duration_minutes?: number
  readonly max_pixels?: number
}

type Input = RunContext['inputs'][number]

/** A video and its watermarked copy. A copy that grows beyond what the video leaves is given up. */
const scratchFactor = 2

/** Lays a watermark over each video that arrives. */
export class VideoWatermark implements PipelineModule {
  private readonly parameters: Parameters

  constructor(parameters: JsonObject) {
    this.parameters = parameters as unknown as Parameters
  }

  async run(context: RunContext): Promise<Succeeded> {
    for (const input of context.inputs) checkScratch(context.run, input)
    const image = await this.readImage(context)
    let seconds = 0
    for (const [index, input] of context.inputs.entries()) {
      const onProgress = (done: number, total: number) =>
        context.progress(Math.floor(100 * (index + done / total)), 100 * context.inputs.length)
      seconds += await this.watermark(context, input, image, onProgress)
    }
    return { outcome: 'succeeded', counts: { videos: context.inputs.length, seconds: Math.round(seconds) } }
  }

  private async readImage({ projectRoot, run, signal, searchPath }: RunContext): Promise<WatermarkImage> {
    const { watermark } = this.parameters
    try {
      return await readWatermarkImage(path.resolve(projectRoot, watermark), { signal, searchPath })
    } catch (cause) {
      if (!(cause instanceof WatermarkImageError)) throw cause
      const message = `${watermark} ${cause.message}`
      const problem = {
        severity: 'error',
        file: run.configFile,
        path: 'parameters.watermark',
        message,
      } as const
      throw new ConfigError([problem], { cause })
    }
  }

  /** Gives the video's duration in seconds. */
  private async watermark(
    context: RunContext,
    { key, size }: Input,
    image: WatermarkImage,
    onProgress: (done: number, total: number) => void,
  ): Promise<number> {
    const { run, raw, output, scratchDir, signal, searchPath, log } = context
    const info = await raw.head(key)
    if (!info) throw new InputError('the object is no longer there', { place: { file: key } })
    const { position, margin, width, opacity, crf = 23, preset = 'veryfast' } = this.parameters
    const { max_duration_minutes = 240, max_pixels } = this.parameters
    const video = await objectInput(raw, info, scratchDir).localPath()
    const target = path.join(scratchDir, 'watermarked.mp4')
    const result = await watermarkVideo({
      video,
      name: key,
      image,
      target,
      signal,
      searchPath,
      onProgress,
      placement: { position, margin, width, opacity },
      encoding: { crf, preset, threads: Math.max(1, Math.round(run.compute.vcpus * 1.5)) },
      limits: { maxPixels: max_pixels, maxDurationSeconds: max_duration_minutes * 60 },
      maxTargetBytes: scratchBytes(run) - size,
    })
    context.note({ warnings: result.warnings.map((warning) => `${key}: ${warning}`) })
    const to = outputKey(run, key)
    await output.put(to, createReadStream(target), { contentType: 'video/mp4', signal })
    log.info('Video:Watermarked', { key, to, ...result.output })
    await Promise.all([rm(video), rm(target)])
    return result.input.durationSeconds
  }
}

/** Where a video's copy goes: folders are kept, so that two of one name do not collide, and it is an MP4 file by its name, too. */
function outputKey({ trigger, output }: PlannedRun, key: string): string {
  const inside = key.slice(trigger.source?.prefix.length ?? 0)
  const folder = inside.slice(0, inside.lastIndexOf('/') + 1)
  const name = inside.slice(folder.length)
  return `${output.prefix}${folder}watermark-${name}${/\.mp4$/i.test(name) ? '' : '.mp4'}`
}

const scratchBytes = (run: PlannedRun) => run.compute.scratchMB * 2 ** 20

function checkScratch(run: PlannedRun, { key, size }: Input): void {
  const needed = size * scratchFactor
  if (needed <= scratchBytes(run)) return
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`
  throw new InputError(
    `is ${megabytes(size)} large: with its copy it takes ${megabytes(needed)} of scratch space, and the run has ${run.compute.scratchMB} MB (scratch, in the registry)`,
    { place: { file: key } },
  )
}
