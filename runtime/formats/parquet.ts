export { type ReadParquetOptions, readParquet } from './parquet-read.ts'
export { parseParquetCompression, type WriteParquetOptions, writeParquet } from './parquet-write.ts'
