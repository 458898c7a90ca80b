export { readA2e } from './a2e-read.ts'
export { writeA2e } from './a2e-write.ts'
