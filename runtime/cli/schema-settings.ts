import type { Json, JsonObject } from '../contracts.ts'

/**
 * The text of a settings.json with `yaml.schemas` for these files, and all else as it was; `undefined` when `text` is
 * no plain JSON object, for comments would be lost. Schemas of ours that it names already, in whatever folder, are
 * replaced.
 */
export function mergeSettings(text: string, associations: JsonObject): string | undefined {
  const settings = text.trim() === '' ? {} : parseObject(text)
  if (!settings) return undefined
  const known = settings['yaml.schemas']
  const ours = new Set(Object.keys(associations).map(baseName))
  const others = isObject(known)
    ? Object.entries(known).filter(([schema]) => !ours.has(baseName(schema)))
    : []
  const merged = { ...settings, 'yaml.schemas': { ...Object.fromEntries(others), ...associations } }
  return `${JSON.stringify(merged, undefined, indentOf(text))}\n`
}

const baseName = (file: string) => file.slice(file.lastIndexOf('/') + 1)

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text.replace(/^\uFEFF/, '')) as Json
    return isObject(value) ? value : undefined
  } catch {
    // Settings of editors may have comments, which JSON has not: the caller says what to do then.
    return undefined
  }
}

/** What the first indented line begins with. */
function indentOf(text: string): string {
  return /^\{\s*\n([ \t]+)/.exec(text)?.[1] ?? '  '
}
