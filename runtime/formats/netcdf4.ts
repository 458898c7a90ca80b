export type { ReadNetcdf4Options } from './netcdf4-read.ts'
export { readNetcdf4 } from './netcdf4-read.ts'
export type { WriteNetcdf4Options } from './netcdf4-write.ts'
export { writeNetcdf4 } from './netcdf4-write.ts'
