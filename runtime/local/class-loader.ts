import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BuildFailure, Message } from 'esbuild'
import type { ClassLoader } from '../contracts.ts'
import { ConfigError, type Problem, StoreError } from '../errors.ts'
import { customClassFile } from '../ingest/config/custom-class.ts'

/**
 * Loads the TypeScript that a project's classnames stand for: `pipelines.lidar.pipeline.LidarPipeline` is the export
 * `LidarPipeline` of `pipelines/lidar/pipeline.ts`. Each file is bundled once into a folder of this process in `outDir`:
 * another process would read what this one is writing. Its imports of the runtime (or of `sluice`) become imports of
 * `runtimeIndex`, so that there is one copy of every class.
 */
export function createClassLoader(options: {
  readonly projectRoot: string
  readonly outDir: string
  readonly runtimeIndex: string
}): ClassLoader {
  const modules = new Map<string, Promise<Record<string, unknown>>>()
  return {
    async load(classname) {
      const { file, exportName } = customClassFile(classname)
      const source = path.join(options.projectRoot, file)
      if (!existsSync(source)) throw missingClass(classname, file, exportName, 'there is no such file')
      let module = modules.get(file)
      if (!module) {
        module = bundleAndImport(file, options)
        modules.set(file, module)
      }
      const exports = await module
      if (!(exportName in exports)) {
        const found = Object.keys(exports).join(', ') || 'nothing'
        throw missingClass(classname, file, exportName, `that file exports ${found}`)
      }
      return exports[exportName]
    },
  }
}

function missingClass(classname: string, file: string, exportName: string, found: string): ConfigError {
  const message = `the class ${classname} needs a TypeScript export ${exportName} in ${file}; ${found} (docs/porting.md tells how to port a Python class)`
  return new ConfigError([{ severity: 'error', file, path: '', message }])
}

interface BundlePlace {
  readonly projectRoot: string
  readonly outDir: string
  readonly runtimeIndex: string
}

async function bundleAndImport(file: string, place: BundlePlace): Promise<Record<string, unknown>> {
  const source = path.join(place.projectRoot, file)
  const folder = path.join(place.outDir, String(process.pid))
  const outfile = path.join(folder, `${file.replace(/\.ts$/, '').replaceAll('/', '.')}.mjs`)
  const text = await bundle(source, outfile, place)
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(outfile, text)
  } catch (cause) {
    throw new StoreError(`${outfile}: cannot be written`, { cause })
  }
  try {
    return (await import(pathToFileURL(outfile).href)) as Record<string, unknown>
  } catch (cause) {
    const message = `cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new ConfigError([{ severity: 'error', file: source, path: '', message }], { cause })
  }
}

/** @throws ConfigError for what is wrong in the sources */
async function bundle(
  source: string,
  outfile: string,
  { projectRoot, runtimeIndex }: BundlePlace,
): Promise<Uint8Array> {
  const esbuild = await import('esbuild')
  // The project's own runtime folder, and the one that this program was built from: not always the same.
  const runtimeSources = [projectRoot, path.join(path.dirname(runtimeIndex), '..')].map((folder) =>
    path.resolve(folder, 'runtime', 'index.ts'),
  )
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [source],
      outfile,
      // esbuild calls a full disk a mistake in the sources.
      write: false,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'silent',
      plugins: [
        {
          name: 'one-runtime',
          setup(build) {
            const runtime = { path: pathToFileURL(runtimeIndex).href, external: true }
            build.onResolve({ filter: /^sluice$/ }, () => runtime)
            build.onResolve({ filter: /^\./ }, ({ path: target, resolveDir }) =>
              runtimeSources.includes(path.resolve(resolveDir, target)) ? runtime : undefined,
            )
            // Packages are found from the file that imports them, not from where the bundle lies.
            build.onResolve({ filter: /^[^./]/ }, async ({ path: target, kind, resolveDir, pluginData }) => {
              if (pluginData === 'resolving' || target.startsWith('node:') || kind === 'entry-point')
                return undefined
              const found = await build.resolve(target, { kind, resolveDir, pluginData: 'resolving' })
              if (found.errors.length > 0 || found.external) return found
              return { path: pathToFileURL(found.path).href, external: true }
            })
          },
        },
      ],
    })
    return (outputFiles[0] as (typeof outputFiles)[0]).contents
  } catch (cause) {
    const { errors } = cause as Partial<BuildFailure>
    // Without them it is esbuild itself that broke.
    if (!errors) throw cause
    throw new ConfigError(
      errors.map((error) => problemOf(source, error)),
      { cause },
    )
  }
}

function problemOf(source: string, { text, location }: Message): Problem {
  return {
    severity: 'error',
    file: source,
    ...(location && { line: location.line, column: location.column + 1 }),
    path: '',
    message: text,
  }
}
