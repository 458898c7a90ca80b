import type { ClassKind } from './class-table.ts'
import { builtinClasses, formerNames } from './class-table.ts'
import { customForm, isCustomClass } from './custom-class.ts'
import { nearestName } from './nearest-name.ts'
import type { Builtin } from './types.ts'

/** Every accepted spelling of every built-in class. */
const spellings: ReadonlyMap<string, Builtin> = new Map(
  builtinNames().flatMap((builtin) => spellingsOf(builtin).map((spelling) => [spelling, builtin] as const)),
)

/** All built-ins of a kind. */
export function builtinNames(kind?: ClassKind): Builtin[] {
  const all = Object.keys(builtinClasses) as Builtin[]
  return kind === undefined ? all : all.filter((builtin) => builtinClasses[builtin].kind === kind)
}

/** The class names that stand for a built-in, the usual one first: `tsdat.CSVReader`, `tsdat.io.readers.CSVReader`, … */
export function spellingsOf(builtin: Builtin): string[] {
  const name = builtin.slice(builtin.lastIndexOf('.') + 1)
  return builtinClasses[builtin].modules.map((module) => `${module}.${name}`)
}

export type ResolvedClass = { readonly builtin: Builtin | 'custom' } | { readonly problem: string }

/** What a classname stands for where a class of `kind` is wanted, or what is wrong with it. */
export function resolveClass(classname: string, kind: ClassKind): ResolvedClass {
  const builtin = spellings.get(classname)
  if (builtin !== undefined) return checkKind(classname, builtin, kind)
  if (isCustomClass(classname)) return { builtin: 'custom' }
  return { problem: explainUnknown(classname, kind) }
}

function checkKind(classname: string, builtin: Builtin, kind: ClassKind): ResolvedClass {
  const found = builtinClasses[builtin].kind
  if (found === kind) return { builtin }
  const names = builtinNames(kind).map((name) => spellingsOf(name)[0])
  const allowed = names.length > 8 ? `${names.slice(0, 3).join(', ')} …` : names.join(', ')
  return { problem: `${classname} is a ${found}; a ${kind} is expected here: ${allowed}` }
}

function explainUnknown(classname: string, kind: ClassKind): string {
  const shown = JSON.stringify(classname)
  if (classname.startsWith('tsdat.')) return `tsdat has no class ${shown}${suggestBuiltin(classname, kind)}`
  if (/^(?:pipelines|shared)(?:\.|$)/.test(classname))
    return `${shown} is no class name; expected ${customForm}`
  if (!classname.includes('.')) {
    return `${shown} is no class name: it needs its module, as in tsdat.CSVReader${suggestBuiltin(classname, kind)}`
  }
  const name = classname.slice(classname.lastIndexOf('.') + 1)
  const near = suggestBuiltin(classname, kind)
  if (near !== '') return `${shown} is not known${near}`
  return (
    `${shown} is a Python class, which cannot run here; write it in TypeScript as the export ${name} of a file of ` +
    `pipelines/<pipeline>/ or shared/, and name it here as ${customForm}`
  )
}

/** `; did you mean …?` by the last part of the name, for classes of this kind before others. */
function suggestBuiltin(classname: string, kind: ClassKind): string {
  const name = classname.slice(classname.lastIndexOf('.') + 1)
  const former = Object.hasOwn(formerNames, name) ? formerNames[name] : undefined
  const builtin = former ?? nearestBuiltin(classname, name, kind)
  return builtin === undefined ? '' : `; did you mean "${spellingsOf(builtin)[0]}"?`
}

function nearestBuiltin(classname: string, name: string, kind: ClassKind): Builtin | undefined {
  const candidates = builtinNames(kind)
  const nearest = nearestName(
    name,
    candidates.map((builtin) => builtin.slice(builtin.lastIndexOf('.') + 1)),
  )
  // Three converters are called NearestNeighbor: the module that was written tells which is meant.
  const named = candidates.filter((builtin) => builtin.slice(builtin.lastIndexOf('.') + 1) === nearest)
  return named.toSorted((a, b) => sharedModule(classname, b) - sharedModule(classname, a))[0]
}

/** How long the longest module of a class is that a classname begins with. */
function sharedModule(classname: string, builtin: Builtin): number {
  const shared = builtinClasses[builtin].modules.filter((module) => classname.startsWith(`${module}.`))
  return Math.max(0, ...shared.map((module) => module.length))
}
