import { SeededRandom } from '../../shared/seeded-random.ts'

/** Colours of a landscape, from above to below. */
interface Scene {
  readonly width: number
  readonly height: number
  readonly sky: readonly [string, string, string]
  readonly sun: { readonly x: number; readonly y: number; readonly radius: number; readonly colour: string }
  /** From the farthest range of hills to the nearest. */
  readonly hills: readonly string[]
  readonly water?: string
  readonly stars?: number
}

const scenes = {
  dusk: {
    width: 2400,
    height: 1600,
    sky: ['#2b3a67', '#c86b5a', '#ffc37d'],
    sun: { x: 0.62, y: 0.5, radius: 62, colour: '#ffe3a8' },
    hills: ['#7b4b62', '#4a2f4a'],
    water: '#7d4a5c',
  },
  alps: {
    width: 2400,
    height: 1600,
    sky: ['#3f7fc4', '#9cc7ea', '#e8f2f7'],
    sun: { x: 0.2, y: 0.2, radius: 48, colour: '#fffbe6' },
    hills: ['#8fa9bf', '#6888a1', '#476a7e', '#2f5158', '#1f3b3b'],
  },
  night: {
    width: 2400,
    height: 1350,
    sky: ['#070b1c', '#14224a', '#3b4a79'],
    sun: { x: 0.77, y: 0.22, radius: 44, colour: '#f4f1de' },
    hills: ['#24305a', '#182246', '#0d1530'],
    stars: 420,
  },
  desert: {
    width: 2000,
    height: 2000,
    sky: ['#5aa7c8', '#f2d7a7', '#f6b26b'],
    sun: { x: 0.5, y: 0.28, radius: 70, colour: '#fff4d6' },
    hills: ['#d98e4f', '#c06e37', '#93491f', '#6b3015'],
  },
  forest: {
    width: 2400,
    height: 1600,
    sky: ['#a9c9b8', '#d9e5d0', '#f3efd9'],
    sun: { x: 0.4, y: 0.35, radius: 56, colour: '#fffdf0' },
    hills: ['#9fbfa5', '#74a184', '#4d8263', '#2f6247', '#194430'],
  },
  pier: {
    width: 1600,
    height: 2400,
    sky: ['#4b6cb7', '#b6a4ca', '#f7d5c4'],
    sun: { x: 0.45, y: 0.55, radius: 58, colour: '#ffe9d2' },
    hills: ['#6b6a94', '#494a75'],
    water: '#5c6795',
  },
} as const satisfies Readonly<Record<string, Scene>>

type SceneName = keyof typeof scenes

/** A ridge from left to right as points of a path: a sum of waves that are shorter the lower they are. */
function ridge(random: SeededRandom, width: number, level: number, roughness: number): string {
  const waves = [1, 2, 4, 8, 16, 32, 64].map((frequency) => ({
    frequency,
    height: (roughness / frequency ** 0.85) * (0.6 + 0.8 * random.next()),
    phase: 2 * Math.PI * random.next(),
  }))
  const points = Array.from({ length: 241 }, (_, i) => {
    const x = i / 240
    const rise = waves.reduce(
      (sum, { frequency, height, phase }) => sum + height * Math.sin(2 * Math.PI * frequency * x + phase),
      0,
    )
    return `${(x * width).toFixed(1)} ${(level - rise).toFixed(1)}`
  })
  return points.join(' L')
}

/** A landscape as an SVG, the same in every run. */
export function drawScene(name: SceneName): string {
  const scene: Scene = scenes[name]
  const { width, height, sky, sun, hills, water, stars = 0 } = scene
  const random = new SeededRandom(name)
  const horizon = water ? height * 0.62 : height * 0.5
  const bottom = water ? horizon : height
  const ranges = hills.map((colour, i) => {
    const level = horizon - height * 0.03 + ((bottom - horizon) * 0.9 + height * 0.06) * (i / hills.length)
    const path = ridge(random, width, level, height * (0.06 - 0.006 * i))
    return `<path fill="${colour}" d="M${path} L${width} ${bottom} L0 ${bottom}Z"/>`
  })
  const sea = water
    ? `<rect y="${horizon}" width="${width}" height="${height - horizon}" fill="${water}"/>${glitter(random, scene, horizon)}`
    : ''
  const night = Array.from({ length: stars }, () => {
    const [x, y] = [random.next() * width, random.next() * horizon * 0.9]
    return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${(0.6 + 1.8 * random.next()).toFixed(2)}" fill="#fff" opacity="${(0.3 + 0.7 * random.next()).toFixed(2)}"/>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<defs>
<linearGradient id="sky" x2="0" y2="1"><stop stop-color="${sky[0]}"/><stop offset=".55" stop-color="${sky[1]}"/><stop offset="1" stop-color="${sky[2]}"/></linearGradient>
<radialGradient id="glow"><stop stop-color="${sun.colour}" stop-opacity=".9"/><stop offset=".25" stop-color="${sun.colour}" stop-opacity=".35"/><stop offset="1" stop-color="${sun.colour}" stop-opacity="0"/></radialGradient>
</defs>
<rect width="${width}" height="${height}" fill="url(#sky)"/>${night.join('')}
<circle cx="${sun.x * width}" cy="${sun.y * height}" r="${sun.radius * 6}" fill="url(#glow)"/>
<circle cx="${sun.x * width}" cy="${sun.y * height}" r="${sun.radius}" fill="${sun.colour}"/>
${ranges.join('\n')}${sea}
</svg>`
}

/** Light on water: strokes that are longer the nearer they are. */
function glitter(random: SeededRandom, { width, height, sun }: Scene, horizon: number): string {
  const strokes = Array.from({ length: 260 }, () => {
    const depth = random.next()
    const y = horizon + 4 + (height - horizon) * depth
    const length = 8 + 90 * depth * random.next()
    const x = sun.x * width + random.normal(0, 30 + 190 * depth)
    return `<rect x="${(x - length / 2).toFixed(1)}" y="${y.toFixed(1)}" width="${length.toFixed(1)}" height="${(1 + 3.5 * depth).toFixed(1)}" rx="2" fill="${sun.colour}" opacity="${(0.15 + 0.5 * random.next()).toFixed(2)}"/>`
  })
  return strokes.join('')
}
