import {
  addToGallery,
  type BucketRole,
  type GalleryPhoto,
  InputError,
  type JsonObject,
  makeThumbnail,
  type ObjectStore,
  type PipelineModule,
  type Rendition,
  type RunContext,
  renditionPath,
  type Succeeded,
  type Thumbnail,
} from '../../runtime/index.ts'
import { putRow } from './catalog-row.ts'
import { findOriginals, type Original, withFile } from './original.ts'
import { type PhotoParameters, readParameters } from './parameters.ts'

/** What is made of one photo, before any of it is stored. */
interface Made {
  readonly thumbnail: Thumbnail
  /** Of a run that has a gallery. */
  readonly renditions?: Readonly<Record<'small' | 'large', Thumbnail>>
}

/** A bucket that the registry's `output` names, and below what. */
interface Destination {
  readonly store: ObjectStore
  readonly prefix: string
}

/**
 * Makes a thumbnail of each photo under the photo's own key, shows it in a gallery and notes it in the catalog. A photo
 * is what decodes as one, whatever it is called; anything else is rejected with the reason. The gallery and the catalog
 * are left out where the registry's `output` and `uses` do not name them.
 */
export class Photos implements PipelineModule {
  private readonly parameters: PhotoParameters

  constructor(parameters: JsonObject) {
    this.parameters = readParameters(parameters)
  }

  async run(context: RunContext): Promise<Succeeded> {
    const gallery = destinationOf(context, 'gallery')
    const thumbnails = destinationOf(context, 'thumbnails') ?? {
      store: context.output,
      prefix: context.run.output.prefix,
    }
    const originals = await findOriginals(context)
    const shown: GalleryPhoto[] = []
    let thumbnailBytes = 0
    for (const [index, original] of originals.entries()) {
      context.signal.throwIfAborted()
      const { thumbnail, renditions } = await this.make(context, original, gallery !== undefined)
      const { bytes, contentType } = thumbnail
      await thumbnails.store.put(thumbnails.prefix + original.name, bytes, { contentType })
      if (gallery && renditions) shown.push(await putRenditions(gallery, renditions, original))
      await putRow(context, original, bytes.length)
      thumbnailBytes += bytes.length
      context.progress(index + 1, originals.length)
    }
    // Once for all of them, and after their pictures: no page shows what is not there.
    const { title } = this.parameters
    if (gallery) await addToGallery({ ...gallery, title, signal: context.signal }, shown)
    return { outcome: 'succeeded', counts: { photos: originals.length, thumbnailBytes } }
  }

  /** @throws InputError that names the photo and says why it is none, or is more than it may be */
  private async make(context: RunContext, original: Original, hasGallery: boolean): Promise<Made> {
    const { thumbnail: size, format, quality, small, large, limits } = this.parameters
    const most = limits.bytes ?? Number.POSITIVE_INFINITY
    if (original.size > most)
      throw rejected(original, `has ${original.size} bytes: at most ${most} are allowed`)
    return withFile(context, original, async (path) => {
      const options = { format, quality, limits, signal: context.signal }
      const within = (side: number) => makeThumbnail(path, { ...options, size: { fit: [side, side] } })
      try {
        const thumbnail = await makeThumbnail(path, { ...options, size })
        if (!hasGallery) return { thumbnail }
        return { thumbnail, renditions: { small: await within(small), large: await within(large) } }
      } catch (cause) {
        throw cause instanceof InputError ? rejected(original, cause.what, cause) : cause
      }
    })
  }
}

/** A photo that is uploaded again keeps its address: copies of the old one are kept this long at most. */
const pictureCache = 'public, max-age=300'

async function putRenditions(
  gallery: Destination,
  images: Readonly<Record<'small' | 'large', Thumbnail>>,
  original: Original,
): Promise<GalleryPhoto> {
  const putOne = async (size: 'small' | 'large'): Promise<Rendition> => {
    const path = renditionPath(size, original.name)
    const { bytes, contentType } = images[size]
    await gallery.store.put(gallery.prefix + path, bytes, { contentType, cacheControl: pictureCache })
    return { path, width: images[size].width, height: images[size].height }
  }
  return {
    key: original.name,
    version: original.etag,
    uploaded: original.uploaded.toISOString(),
    small: await putOne('small'),
    large: await putOne('large'),
  }
}

function destinationOf({ run, outputs }: RunContext, role: BucketRole): Destination | undefined {
  const store = outputs[role]
  const location = run.writes.find(({ bucket }) => bucket === role)
  return store && location ? { store, prefix: location.prefix } : undefined
}

function rejected({ key }: Original, reason: string, cause?: unknown): InputError {
  return new InputError(reason, { place: { file: key }, cause })
}
