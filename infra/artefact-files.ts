import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { build as bundle, type Metafile, type Plugin } from 'esbuild'
import type { ModuleKind, PlannedRun } from '../runtime/contracts.ts'
import { ConfigError } from '../runtime/errors.ts'
import type { ArtefactFile } from './deterministic-zip.ts'

export type Entry = 'lambda' | 'batch' | 'alert' | 'catalog-setup'

/** What AWS runs it on. */
const target = 'node24'

/** Code that is never bundled: its native part is found beside it at run time. */
const native = 'sharp'

/**
 * The code of an entry point as `index.mjs` and the chunks that it loads when they are used, with the classes that the
 * runs' configuration files name. @throws ConfigError when a class is missing, or its code cannot be bundled
 */
export async function entryFiles(
  entry: Entry,
  projectRoot: string,
  runs: readonly PlannedRun[],
): Promise<{ readonly files: ArtefactFile[]; readonly importsSharp: boolean }> {
  const outdir = path.join(projectRoot, 'artefact')
  const result = await bundle({
    absWorkingDir: projectRoot,
    entryPoints: { index: path.join(projectRoot, 'runtime/entry', `${entry}.ts`) },
    outdir,
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target,
    // ES modules before CommonJS: unused code of the AWS SDK is left out, and its import takes a third less time.
    mainFields: ['module', 'main'],
    // Names stay: a stack trace in a record is for people.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    external: [native, 'pg-native'],
    define: { SLUICE_VERSION: JSON.stringify(versionOf(projectRoot)) },
    // What CommonJS packages need to find Node's own modules once they stand in an ES module.
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    plugins: [classesOf(projectRoot, runs), onlyModulesOf(runs)],
    metafile: true,
    logLevel: 'silent',
  }).catch((cause: unknown) => {
    throw bundleProblem(cause)
  })
  const outputs = reachable(result.metafile, path.relative(projectRoot, path.join(outdir, 'index.mjs')))
  const files = result.outputFiles
    .filter(({ path: file }) => outputs.has(slashed(path.relative(projectRoot, file))))
    .map(({ path: file, contents }) => ({ path: slashed(path.relative(outdir, file)), content: contents }))
  const importsSharp = [...outputs.values()].some(({ imports }) =>
    imports.some((imported) => imported.external && imported.path === native),
  )
  return { files, importsSharp }
}

type Outputs = Metafile['outputs']

/** What `entry` comes to import: esbuild also writes what only code imports that it has left out. */
function reachable({ outputs }: Metafile, entry: string): ReadonlyMap<string, Outputs[string]> {
  const found = new Map<string, Outputs[string]>()
  const visit = (name: string): void => {
    const output = outputs[name]
    if (!output || found.has(name)) return
    found.set(name, output)
    for (const { path: imported, external } of output.imports) if (!external) visit(imported)
  }
  visit(slashed(entry))
  return found
}

const slashed = (file: string) => file.split(path.sep).join('/')

/** The configuration files of some runs, each once, at their paths from the project root. @throws ConfigError */
export function configurationFiles(projectRoot: string, runs: readonly PlannedRun[]): ArtefactFile[] {
  const names = new Set(runs.flatMap((run) => [run.configFile, ...run.linkedFiles]))
  return [...names].sort().map((name) => {
    const file = path.join(projectRoot, name)
    if (path.relative(projectRoot, file).startsWith('..') || path.isAbsolute(name)) {
      throw problem(name, 'is outside the project; configuration files are bundled from below its root')
    }
    if (!existsSync(file)) throw problem(name, 'there is no such file')
    return { path: slashed(path.relative(projectRoot, file)), content: readFileSync(file) }
  })
}

/** Puts a module that imports every class by name in the place of the empty `bundled-classes.ts`. */
function classesOf(projectRoot: string, runs: readonly PlannedRun[]): Plugin {
  const runtimeIndex = path.join(projectRoot, 'runtime/index.ts')
  return {
    name: 'classes',
    setup(build) {
      build.onResolve({ filter: /^sluice$/ }, () => ({ path: runtimeIndex }))
      build.onLoad({ filter: /[\\/]runtime[\\/]entry[\\/]bundled-classes\.ts$/ }, () => ({
        contents: classesModule(projectRoot, runs),
        resolveDir: projectRoot,
        loader: 'ts',
      }))
    },
  }
}

/** What `runtime/modules.ts` loads for each kind of configuration. */
const moduleFiles: Readonly<Record<ModuleKind, readonly string[]>> = {
  tsdat: ['runtime/ingest/ingest-module.ts', 'runtime/ingest/storage/stored-files.ts'],
  'table-load': ['runtime/tables/table-load-module.ts'],
  own: ['runtime/own-module.ts'],
}

/** Leaves out what none of the runs is run by: an artefact of table loads holds no HDF5. */
function onlyModulesOf(runs: readonly PlannedRun[]): Plugin {
  const left = Object.entries(moduleFiles)
    .filter(([kind]) => !runs.some(({ module }) => module === kind))
    .flatMap(([, files]) => files)
  return {
    name: 'modules',
    setup(build) {
      build.onLoad({ filter: /[\\/]runtime[\\/].*(?:-module|stored-files)\.ts$/ }, ({ path: file }) => {
        const name = file.split(path.sep).join('/')
        return left.some((other) => name.endsWith(`/${other}`)) ? { contents: 'export {}' } : undefined
      })
    },
  }
}

/** A module with an import for each class of the user's own. @throws ConfigError that names the file to write */
function classesModule(projectRoot: string, runs: readonly PlannedRun[]): string {
  const names = [...new Set(runs.flatMap(({ classnames }) => classnames))].filter(isCustom).sort()
  const lines = names.map((classname, index) => {
    const parts = classname.split('.')
    const [file, exportName] = [`${parts.slice(0, -1).join('/')}.ts`, parts.at(-1)]
    if (!existsSync(path.join(projectRoot, file))) {
      throw problem(
        file,
        `the class ${classname} needs an export ${exportName} in this file; there is no such file`,
      )
    }
    return `import { ${exportName} as class${index} } from ${JSON.stringify(`./${file}`)}`
  })
  const entries = names.map((classname, index) => `${JSON.stringify(classname)}: class${index}`)
  return `${lines.join('\n')}\nexport const bundledClasses = { ${entries.join(', ')} }\n`
}

/** tsdat's own classes are in the runtime; `pipelines.…` and `shared.…` are files of the project. */
const isCustom = (classname: string) => /^(?:pipelines|shared)\./.test(classname)

function versionOf(projectRoot: string): string {
  return (JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as { version: string })
    .version
}

function problem(file: string, message: string): ConfigError {
  return new ConfigError([{ file, severity: 'error', path: '', message }])
}

function bundleProblem(cause: unknown): unknown {
  const errors = (cause as { errors?: readonly EsbuildMessage[] }).errors
  if (!errors || errors.length === 0) return cause
  return new ConfigError(
    errors.map(({ text, location, detail }) => ({
      severity: 'error' as const,
      file: location?.file ?? 'artefact',
      ...(location && { line: location.line, column: location.column + 1 }),
      path: '',
      message: detail instanceof ConfigError ? detail.message : text,
    })),
    { cause },
  )
}

interface EsbuildMessage {
  readonly text: string
  readonly location: { readonly file: string; readonly line: number; readonly column: number } | null
  readonly detail?: unknown
}
