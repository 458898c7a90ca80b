import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import http, { type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { demoInputs } from '../../pipelines/photos/demo.ts'
import type { ObjectStore } from '../contracts.ts'
import { addToGallery } from '../media/gallery.ts'
import { renditionPath } from '../media/gallery-names.ts'
import type { GalleryPhoto } from '../media/gallery-page.ts'
import { makeThumbnail } from '../media/image.ts'
import { planRuns } from '../plan/plan.ts'
import { loadRegistry } from '../registry/load.ts'
import { LocalObjectStore } from '../storage/local.ts'
import { S3ObjectStore } from '../storage/s3.ts'
import { makeS3Client } from '../storage/s3-client.ts'
import { S3Server } from '../storage/testing/s3-server.ts'
import { serveGallery } from './gallery-server.ts'
import { makeSandbox, type Sandbox } from './testing/sandbox.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'gallery-'))
const store = new LocalObjectStore({ root: path.join(folder, 'gallery') })
let server: Server
let origin = ''

const samples = (await demoInputs()).filter(({ name }) => !['empty.jpg', 'notes.jpg'].includes(name))
const oddName = '"quotes" <b>&\'50% #1?+.jpg'

async function putPhoto(key: string, content: Uint8Array, uploaded: string): Promise<GalleryPhoto> {
  const put = async (size: 'small' | 'large', side: number) => {
    const { bytes, width, height } = await makeThumbnail(content, { size: { fit: [side, side] } })
    const at = renditionPath(size, key)
    await store.put(at, bytes)
    return { path: at, width, height }
  }
  return { key, version: 'v1', uploaded, small: await put('small', 640), large: await put('large', 2048) }
}

beforeAll(async () => {
  const photos: GalleryPhoto[] = []
  for (const [i, { name, content }] of samples.entries()) {
    photos.push(await putPhoto(name, content as Uint8Array, `2026-11-20T10:00:0${9 - i}.000Z`))
  }
  // Enough to reach far below what a screen shows.
  const plain = await makeThumbnail(samples[2]?.content as Uint8Array, { size: { fit: [300, 300] } })
  for (let i = 0; i < 100; i++) {
    photos.push(await putPhoto(`more/${i}.jpg`, plain.bytes, '2026-11-19T10:00:00.000Z'))
  }
  photos.push(await putPhoto(oddName, plain.bytes, '2026-11-19T11:00:00.000Z'))
  await addToGallery({ store, prefix: '', title: 'Photos' }, photos)
  server = await serveGallery(store, 0)
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}, 60_000)

afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

interface Answer {
  readonly status: number | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

/** Sends a path exactly as it is given, which `fetch` would put in order first. */
function ask(pathname: string, options: http.RequestOptions = {}): Promise<Answer> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    http
      .request({ host: '127.0.0.1', port, path: pathname, ...options }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
        )
      })
      .on('error', reject)
      .end()
  })
}

describe('serveGallery', () => {
  it('answers as CloudFront does: the index at the root, keys below it', async () => {
    const index = await ask('/')
    expect(index.status).toBe(200)
    expect(index.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
    })
    expect((await ask('/index.html')).body.equals(index.body)).toBe(true)
    const style = /assets\/[^"]+\.css/.exec(index.body.toString())?.[0]
    expect((await ask(`/${style}`)).headers['content-type']).toBe('text/css; charset=utf-8')
  })

  it('tells a picture’s type by its content, and takes any key', async () => {
    for (const key of ['forest morning', oddName, 'alps_panorama.JPG']) {
      const answer = await ask(`/large/${encodeURIComponent(key)}?v=1`)
      expect(answer.status, key).toBe(200)
      expect(answer.headers['content-type']).toBe('image/jpeg')
      expect(answer.headers['content-length']).toBe(String(answer.body.length))
    }
  })

  it('knows what the browser has already', async () => {
    const { headers } = await ask('/')
    const again = await ask('/', { headers: { 'if-none-match': headers.etag as string } })
    expect([again.status, again.body.length]).toEqual([304, 0])
    const head = await ask('/', { method: 'HEAD' })
    expect([head.status, head.body.length]).toEqual([200, 0])
    expect(Number(head.headers['content-length'])).toBeGreaterThan(1000)
  })

  it.each([
    '/nothing/here.jpg',
    '/../../../../etc/passwd',
    '/..%2f..%2f..%2fetc%2fpasswd',
    '/%2e%2e/state/gallery',
    '//etc/passwd',
    '/large/../index.html',
    '/large/%00',
    `/${'x'.repeat(2000)}`,
  ])('shows the error page for %s', async (address) => {
    const answer = await ask(address)
    expect(answer.body.toString()).not.toContain('root:')
    expect(answer.status).toBe(404)
    expect(answer.body.toString()).toContain('There is nothing at this address')
  })

  it('refuses what is no request for a page', async () => {
    expect((await ask('/%zz')).status).toBe(400)
    expect((await ask('/', { method: 'POST' })).status).toBe(405)
    expect((await ask('/', { headers: { host: 'evil.example' } })).status).toBe(403)
  })

  it('says that its port is taken', async () => {
    const { port } = server.address() as AddressInfo
    await expect(serveGallery(store, port)).rejects.toThrow(
      `port ${port} is taken: choose another with --port`,
    )
  })
})

describe('the command', () => {
  let box: Sandbox
  let s3: S3Server
  beforeAll(async () => {
    s3 = await S3Server.start({ buckets: [] })
    box = makeSandbox({
      env: {
        AWS_ENDPOINT_URL_S3: s3.endpoint,
        AWS_ACCESS_KEY_ID: 'AKIDTEST',
        AWS_SECRET_ACCESS_KEY: 'secret',
      },
    })
  })
  afterAll(async () => {
    box.remove()
    await s3.close()
  })

  const photo = (key: string): GalleryPhoto => ({
    key,
    version: 'v1',
    uploaded: '2026-11-20T10:00:00.000Z',
    small: { path: renditionPath('small', key), width: 6, height: 4 },
    large: { path: renditionPath('large', key), width: 60, height: 40 },
  })
  const fill = (into: ObjectStore) =>
    addToGallery({ store: into, prefix: '', title: 'Photos' }, [photo('a b/c.jpg'), photo('d.jpg')])

  it('says that there is no gallery, or what is wrong with its port', async () => {
    const none = await box.sluice('gallery')
    expect([none.code, none.stdout]).toEqual([1, ''])
    expect(none.stderr).toContain('there is no gallery in .sluice/gallery yet: run a pipeline that makes one')
    const port = await box.sluice('gallery', '--port', '70000')
    expect(port.stderr).toContain('--port: found "70000"; expected a number from 0 to 65535')
  })

  it('serves until it is interrupted, and takes photos out', async () => {
    const local = new LocalObjectStore({
      root: path.join(box.folder, '.sluice/gallery'),
      stateDir: path.join(box.folder, '.sluice/state/gallery'),
    })
    await fill(local)
    const { child, finished } = box.start('gallery', '--port', '0')
    const address = await new Promise<string>((resolve) => {
      let text = ''
      child.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        const found = /Gallery: (http:\/\/127\.0\.0\.1:\d+\/)\nCtrl-C/.exec(text)
        if (found) resolve(found[1] as string)
      })
    })
    expect(await (await fetch(address)).text()).toContain('alt="c"')
    const removed = await box.sluice('gallery', 'remove', 'a b/c.jpg', 'none.jpg')
    expect([removed.code, removed.stdout]).toEqual([1, 'removed a b/c.jpg\n'])
    expect(removed.stderr).toContain('not in the gallery: none.jpg')
    expect(await (await fetch(address)).text()).not.toContain('alt="c"')
    child.kill('SIGINT')
    expect(await finished).toMatchObject({ code: 0, stderr: '' })
  })

  it('takes photos out of a deployed stack', async () => {
    const { buckets, region } = planRuns(loadRegistry({ projectRoot: box.folder, stack: 'prod' }), {
      stack: 'prod',
    })
    const bucket = buckets.gallery as string
    const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' }
    const client = makeS3Client({ region, endpoint: s3.endpoint, credentials })
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    const remote = new S3ObjectStore({ client, bucket })
    await fill(remote)
    const { code, stdout, stderr } = await box.sluice('gallery', 'remove', 'd.jpg', '--stack', 'prod')
    expect([code, stdout], stderr).toEqual([0, 'removed d.jpg\n'])
    expect(
      [...(s3.buckets.get(bucket)?.keys() ?? [])].filter((key) => key.startsWith('photos/by-key/')),
    ).toHaveLength(1)
  })
}, 60_000)

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

describe.skipIf(!chromium)(
  `the gallery in a browser${chromium ? '' : ' (chromium is not installed)'}`,
  () => {
    let browser: Browser
    let context: BrowserContext
    let page: Page
    let complaints: string[]
    let requested: string[]

    beforeAll(async () => {
      const { chromium: driver } = await import('playwright-core')
      browser = await driver.launch({ executablePath: chromium as string, args: ['--no-sandbox'] })
    }, 60_000)
    afterAll(() => browser?.close())
    afterEach(() => context.close())

    async function open(address = '/', options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
      complaints = []
      requested = []
      context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
      page = await context.newPage()
      page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('request', (request) => requested.push(request.url()))
      await page.goto(origin + address, { waitUntil: 'networkidle' })
    }

    /** What an expression comes to in the page; text, as the page's world has other types than ours. */
    const inPage = <T>(expression: string) => page.evaluate(expression) as Promise<T>
    const focused = () => inPage<string | null>("document.activeElement?.getAttribute('title')")
    const opened = () => page.locator('dialog[open] img')

    it('loads what is seen, and the rest when it is scrolled to; nothing from elsewhere, nothing to complain of', async () => {
      await open()
      const smallOf = (name: string) => requested.some((url) => url.includes(`/small/more/${name}.jpg`))
      expect(await page.locator('.photos img').count()).toBe(107)
      expect(smallOf('0')).toBe(true)
      expect(smallOf('99')).toBe(false)
      await page.locator('.photos li').last().scrollIntoViewIfNeeded()
      await page.waitForLoadState('networkidle')
      await expect.poll(() => smallOf('99')).toBe(true)
      expect(requested.filter((url) => url.includes('/large/'))).toEqual([])
      expect(requested.filter((url) => !url.startsWith(origin))).toEqual([])
      expect(complaints).toEqual([])
      const broken = await inPage<number>(
        `[...document.querySelectorAll('.photos img')]
          .filter((image) => image.complete && image.naturalWidth === 0).length`,
      )
      expect(broken).toBe(0)
    })

    it('keeps its layout while images load, and shows them in their proportions', async () => {
      await open()
      const shift = await inPage<number>(`new Promise((resolve) => {
      let sum = 0
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) sum += entry.value
      }).observe({ type: 'layout-shift', buffered: true })
      setTimeout(() => resolve(sum), 300)
    })`)
      expect(shift).toBeLessThan(0.01)
      const ratios = await inPage<
        number[]
      >(`[...document.querySelectorAll('.photos img')].slice(0, 6).map((image) => {
      const box = image.getBoundingClientRect()
      return box.width / box.height / (image.getAttribute('width') / image.getAttribute('height'))
    })`)
      expect(ratios).toHaveLength(6)
      for (const ratio of ratios) expect(Math.abs(ratio - 1)).toBeLessThan(0.08)
    })

    it('is used with the keyboard alone', async () => {
      await open()
      await page.keyboard.press('Tab')
      expect(await inPage('document.activeElement.textContent')).toBe('Skip to the photos')
      await page.keyboard.press('Tab')
      expect(await focused()).toBe(samples[0]?.name)
      await page.keyboard.press('ArrowRight')
      expect(await focused()).toBe(samples[1]?.name)
      await page.keyboard.press('ArrowDown')
      const below = await focused()
      expect([samples[0]?.name, samples[1]?.name]).not.toContain(below)
      await page.keyboard.press('ArrowUp')
      await page.keyboard.press('Home')
      expect(await focused()).toBe(samples[0]?.name)

      await page.keyboard.press('Enter')
      await opened().waitFor()
      expect(await opened().getAttribute('src')).toContain(
        `/large/${encodeURIComponent('coast')}/golden%20hour.jpg`,
      )
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('ArrowRight')
      expect(await page.locator('dialog strong').textContent()).toBe(samples[2]?.name)
      expect(await page.locator('dialog figcaption').textContent()).toContain('3 of 107')
      // Tab leads to nothing behind it.
      for (let i = 0; i < 6; i++) {
        await page.keyboard.press('Tab')
        expect(await inPage("document.activeElement.closest('main') === null")).toBe(true)
      }
      await page.keyboard.press('Escape')
      expect(await page.locator('dialog[open]').count()).toBe(0)
      await expect.poll(focused).toBe(samples[2]?.name)
      await page.keyboard.press('End')
      await page.keyboard.press('Enter')
      expect(await page.locator('dialog .next').isDisabled()).toBe(true)
      await page.keyboard.press('ArrowRight')
      expect(await page.locator('dialog figcaption').textContent()).toContain('107 of 107')
      expect(complaints).toEqual([])
    })

    it('is used with the mouse: opened, turned, closed beside the image', async () => {
      await open()
      await page.locator('.photos a').nth(1).click()
      await opened().waitFor()
      await page.locator('dialog .previous').click()
      expect(await page.locator('dialog .previous').isDisabled()).toBe(true)
      await page.mouse.click(30, 120)
      await expect.poll(() => page.locator('dialog[open]').count()).toBe(0)
      await page.locator('.photos a').nth(1).click()
      await page.locator('dialog .close').click()
      expect(await page.locator('dialog[open]').count()).toBe(0)
    })

    it('works without its script: every thumbnail is a link to the image', async () => {
      await open('/', { javaScriptEnabled: false })
      await page.getByRole('link', { name: 'golden hour' }).click()
      await page.waitForURL(/\/large\/coast\/golden%20hour\.jpg/)
    })

    it('opens a name that is full of marks, as text', async () => {
      await open('/days/2026-11-19.html')
      const link = page.locator('.photos a').first()
      expect(await link.getAttribute('title')).toBe(oddName)
      await link.click()
      await opened().waitFor()
      expect(await page.locator('dialog strong').textContent()).toBe(oddName)
      await expect
        .poll(() => inPage<number>("document.querySelector('dialog img').naturalWidth"))
        .toBeGreaterThan(0)
      expect(await page.locator('dialog b').count()).toBe(0)
    })

    it('is dark where the system is, and its text stands out', async () => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await open('/', { colorScheme })
        const contrasts = await inPage<number[]>(`(() => {
        const canvas = document.createElement('canvas').getContext('2d')
        const luminance = (color) => {
          canvas.fillStyle = color
          canvas.fillRect(0, 0, 1, 1)
          const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
            const share = value / 255
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
          })
          return 0.2126 * r + 0.7152 * g + 0.0722 * b
        }
        const back = luminance(getComputedStyle(document.body).backgroundColor)
        return ['h1', 'header p', '.days a', '.days span'].map((selector) => {
          const text = luminance(getComputedStyle(document.querySelector(selector)).color)
          return (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05)
        })
      })()`)
        expect(contrasts).toHaveLength(4)
        for (const contrast of contrasts) expect(contrast).toBeGreaterThan(4.5)
        const back = await inPage('getComputedStyle(document.body).backgroundColor')
        expect(back).toBe(colorScheme === 'dark' ? 'rgb(19, 21, 23)' : 'rgb(250, 250, 248)')
        if (colorScheme === 'light') await context.close()
      }
    })

    it('stands still where motion is not wanted', async () => {
      await open('/', { reducedMotion: 'reduce' })
      const motion = await inPage<string[]>(`[
      getComputedStyle(document.documentElement).scrollBehavior,
      getComputedStyle(document.querySelector('.name')).transitionDuration,
    ]`)
      expect(motion).toEqual(['auto', '0s'])
    })

    it('fits a telephone', async () => {
      await open('/', { viewport: { width: 360, height: 740 } })
      expect(await inPage('document.documentElement.scrollWidth')).toBe(360)
      await page.locator('.photos a').first().click()
      await opened().waitFor()
      const box = await opened().boundingBox()
      expect(box?.width).toBeLessThanOrEqual(360)
    })

    it('refuses to run what is not its own script', async () => {
      await open()
      await inPage(`{
      const script = document.createElement('script')
      script.textContent = 'window.wasRun = true'
      document.body.append(script)
    }`)
      expect(await inPage("'wasRun' in window")).toBe(false)
      expect(complaints.join()).toContain('Content Security Policy')
    })

    it('shows the error page at any depth, with its style and the way back', async () => {
      await open('/large/no/such/photo.jpg')
      expect(await page.locator('h1').textContent()).toBe('There is nothing at this address')
      expect(await inPage('getComputedStyle(document.body).backgroundColor')).toBe('rgb(250, 250, 248)')
      await page.getByRole('link').click()
      expect(await page.locator('.photos li').count()).toBe(107)
    })

    it('looks like this (UPDATE_SCREENSHOT=1 writes docs/gallery.png)', async () => {
      await open('/days/2026-11-20.html', { viewport: { width: 1100, height: 690 } })
      const docs = path.resolve(import.meta.dirname, '../../docs/gallery.png')
      const picture = await page.screenshot(process.env.UPDATE_SCREENSHOT ? { path: docs } : {})
      expect(picture.length).toBeGreaterThan(50_000)
      expect(existsSync(docs)).toBe(true)
    })
  },
)
