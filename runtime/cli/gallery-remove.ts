import path from 'node:path'
import type { ObjectStore, Plan } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { openState, stateFolder } from '../local/state.ts'
import { removeFromGallery } from '../media/gallery.ts'
import { galleryPrefixes } from './gallery.ts'
import { operatedStack, operatorSettings } from './operator.ts'
import { planProject } from './project.ts'
import { print } from './terminal.ts'

interface RemoveOptions {
  readonly stack?: string
}

/**
 * `sluice gallery remove`: takes photos out of the gallery of this machine or of a deployed stack. Originals, thumbnails
 * and rows of the catalog stay. @throws UsageError that names the photos that no gallery has; the others are gone then
 */
export async function removePhotos(keys: readonly string[], options: RemoveOptions): Promise<void> {
  const { plan, store } = options.stack === undefined ? localGallery() : await galleryOf(options.stack)
  const missing: string[] = []
  for (const key of keys) {
    let isFound = false
    for (const prefix of galleryPrefixes(plan.runs)) {
      isFound = (await removeFromGallery({ store, prefix, title: '' }, key)) || isFound
    }
    if (isFound) print(`removed ${key}`)
    else missing.push(key)
  }
  if (missing.length === 0) return
  throw new UsageError(
    `not in the gallery: ${missing.join(', ')}; a photo is called there as it is below the prefix that its pipeline watches, with folders`,
  )
}

interface GalleryBucket {
  readonly plan: Plan
  readonly store: ObjectStore
}

function localGallery(): GalleryBucket {
  const { projectRoot, plan } = planProject()
  return { plan, store: openState(path.join(projectRoot, stateFolder)).bucket('gallery') }
}

async function galleryOf(stack: string): Promise<GalleryBucket> {
  const { planned } = operatedStack({ registry: 'pipelines_config.yml', stack })
  const bucket = planned.buckets.gallery
  if (bucket === undefined) throw new UsageError(`no pipeline of the stack ${stack} has a gallery`)
  const settings = await operatorSettings(planned)
  const [{ S3ObjectStore }, { operatorS3 }] = await Promise.all([
    import('../storage/s3.ts'),
    import('../aws/operator-s3.ts'),
  ])
  return {
    plan: planned,
    store: new S3ObjectStore({ client: operatorS3(settings, planned.accountId), bucket }),
  }
}
