export { type ReadZarrOptions, readZarr } from './zarr-read.ts'
export { type WriteZarrOptions, writeZarr } from './zarr-write.ts'
