import type { Location, RegisteredSite, Registry } from '../contracts.ts'
import { outputRoot, readsOf, writesOf } from './locations.ts'

/** What of the registry decides which places are the same. */
type Sites = Pick<Registry, 'sites' | 'inputBucketName' | 'outputBucketName'>

/** One run of a loop, and what of its writing starts the next one: a datastream, or a place. */
export interface LoopStep {
  readonly site: RegisteredSite
  readonly by: string
}

/** A graph whose nodes are sites, and between them the places and datastreams by which one starts another. */
interface Graph {
  readonly labels: string[]
  readonly next: number[][]
}

const isBefore = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** The physical bucket, since input and output may be one, then the prefix: beginnings of places are places above. */
function placeOf(registry: Sites, { bucket, prefix }: Location): string {
  const names: Partial<Record<Location['bucket'], string>> = {
    input: registry.inputBucketName,
    output: registry.outputBucketName,
  }
  return `${names[bucket] ?? bucket}\n${prefix}`
}

function showLocation({ bucket, prefix }: Location): string {
  return prefix ? `${prefix} of the ${bucket} bucket` : `the whole ${bucket} bucket`
}

/** Finds, for a place, those of `places` that have keys in common with it: those it begins, and those that begin it. */
function meeting(places: readonly string[]): (place: string) => string[] {
  const sorted = [...new Set(places)].sort(isBefore)
  const known = new Set(sorted)
  return (place) => {
    const met: string[] = []
    for (let length = place.indexOf('\n') + 1; length < place.length; length++) {
      const beginning = place.slice(0, length)
      if (known.has(beginning)) met.push(beginning)
    }
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sorted[middle] as string) < place) low = middle + 1
      else high = middle
    }
    for (let i = low; sorted[i]?.startsWith(place); i++) met.push(sorted[i] as string)
    return met
  }
}

/**
 * Who starts whom. A write starts an ingest when it falls in its source. It makes windows of a VAP stale when it is one
 * of the VAP's datastreams; where a pipeline does not tell its datastreams, when it falls in what the VAP reads. Places
 * are nodes of their own, so that ten thousand runs over one prefix make no hundred million edges.
 */
function graphOf(registry: Sites): Graph {
  const { sites } = registry
  const labels = sites.map((site) => site.key as string)
  const next: number[][] = sites.map(() => [])
  const ids = new Map<string, number>()
  function node(key: string, label: string): number {
    let id = ids.get(key)
    if (id === undefined) {
      id = labels.push(label) - 1
      next.push([])
      ids.set(key, id)
    }
    return id
  }
  const link = (from: number, to: number) => (next[from] as number[]).push(to)
  const streamKey = (site: RegisteredSite, datastream: string) =>
    `stream\n${placeOf(registry, outputRoot(site))}\n${datastream}`

  const sources: string[] = []
  const reads: string[] = []
  for (const [index, site] of sites.entries()) {
    const { source } = site.trigger
    if (source) {
      const place = placeOf(registry, source)
      sources.push(place)
      link(node(`source\n${place}`, showLocation(source)), index)
      continue
    }
    for (const datastream of site.facts.datastreamsIn)
      link(node(streamKey(site, datastream), datastream), index)
    for (const location of readsOf(site)) {
      const place = placeOf(registry, location)
      reads.push(place)
      link(node(`read\n${place}`, showLocation(location)), index)
    }
  }

  const sourcesMeeting = meeting(sources)
  const readsMeeting = meeting(reads)
  /** The node of everything that a write at `location` starts; `isOpaque`: nothing is known of it but the place. */
  function write(location: Location, isOpaque: boolean): number {
    const place = placeOf(registry, location)
    const key = `${isOpaque ? 'opaque ' : ''}write\n${place}`
    const known = ids.get(key)
    if (known !== undefined) return known
    const id = node(key, showLocation(location))
    for (const met of sourcesMeeting(place)) link(id, ids.get(`source\n${met}`) as number)
    if (isOpaque) for (const met of readsMeeting(place)) link(id, ids.get(`read\n${met}`) as number)
    return id
  }

  for (const [index, site] of sites.entries()) {
    const tellsDatastreams = site.facts.datastreamsOut.length > 0
    for (const location of writesOf(site)) link(index, write(location, !tellsDatastreams))
    for (const datastream of site.facts.datastreamsOut) {
      const id = ids.get(streamKey(site, datastream))
      if (id !== undefined) link(index, id)
    }
  }
  return { labels, next }
}

/** Tarjan's strongly connected components, without recursion: those of more than one node, which hold a cycle. */
function cyclicComponents({ next }: Graph): number[][] {
  const index = new Int32Array(next.length).fill(-1)
  const low = new Int32Array(next.length)
  const isOpen = new Uint8Array(next.length)
  const open: number[] = []
  const components: number[][] = []
  let count = 0
  for (let root = 0; root < next.length; root++) {
    if (index[root] !== -1) continue
    const path: { id: number; edge: number }[] = []
    const enter = (id: number) => {
      index[id] = low[id] = count++
      isOpen[id] = 1
      open.push(id)
      path.push({ id, edge: 0 })
    }
    enter(root)
    while (path.length > 0) {
      const step = path.at(-1) as { id: number; edge: number }
      const to = (next[step.id] as number[])[step.edge++]
      if (to === undefined) {
        path.pop()
        const parent = path.at(-1)
        if (parent) low[parent.id] = Math.min(low[parent.id] as number, low[step.id] as number)
        if (low[step.id] === index[step.id]) {
          const component = open.splice(open.lastIndexOf(step.id))
          for (const id of component) isOpen[id] = 0
          if (component.length > 1) components.push(component)
        }
      } else if (index[to] === -1) enter(to)
      else if (isOpen[to]) low[step.id] = Math.min(low[step.id] as number, index[to] as number)
    }
  }
  return components
}

/** The shortest way from `start` back to it, as the nodes passed; every node of a component has one. */
function shortestCycle({ next }: Graph, start: number, component: ReadonlySet<number>): number[] {
  const cameFrom = new Map<number, number>()
  const queue = [start]
  for (const from of queue) {
    for (const to of next[from] as number[]) {
      if (to === start) {
        const cycle = [from]
        for (let at = from; at !== start; ) {
          at = cameFrom.get(at) as number
          cycle.unshift(at)
        }
        return cycle
      }
      if (component.has(to) && !cameFrom.has(to)) {
        cameFrom.set(to, from)
        queue.push(to)
      }
    }
  }
  return [start]
}

/** Runs that would start each other, or themselves, for ever: for each such knot its shortest loop from its first site. */
export function findLoops(registry: Sites): LoopStep[][] {
  const graph = graphOf(registry)
  const { sites } = registry
  return cyclicComponents(graph)
    .map((component) => {
      const first = component.reduce((least, id) => Math.min(least, id))
      const cycle = shortestCycle(graph, first, new Set(component))
      return cycle.flatMap((id, at): LoopStep[] => {
        const site = sites[id]
        return site ? [{ site, by: graph.labels[cycle[at + 1] as number] as string }] : []
      })
    })
    .toSorted((a, b) => isBefore(a[0]?.site.key ?? '', b[0]?.site.key ?? ''))
}
