import { regex } from './class-parameters.ts'
import type { Fields } from './shape.ts'
import { anything, listOf } from './shape.ts'

/** The sections of pipeline.yaml, in tsdat's order. */
export const sectionNames = ['retriever', 'dataset', 'quality', 'storage'] as const
export type SectionName = (typeof sectionNames)[number]

const section = (description: string) => ({ shape: anything, description, isRequired: true })

/** The keys of pipeline.yaml beside `classname` and `parameters`. */
export const pipelineFields: Fields = {
  triggers: {
    shape: listOf(regex),
    description: 'Which files this pipeline is for: regular expressions that match the start of their paths.',
    isRequired: true,
  },
  retriever: section('What is read, and what becomes of it: inline, or {path, overrides}.'),
  dataset: section('What the output looks like: inline, or {path, overrides}.'),
  quality: section('What is checked: inline, or {path, overrides}.'),
  storage: section('Where the output goes: inline, or {path, overrides}.'),
  settings: { shape: anything, description: 'Accepted, as by tsdat, without effect.' },
}
