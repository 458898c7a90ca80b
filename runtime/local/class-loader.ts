import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ClassLoader } from '../contracts.ts'
import { ConfigError } from '../errors.ts'
import { customClassFile } from '../ingest/config/custom-class.ts'

/**
 * Loads the TypeScript that a project's classnames stand for: `pipelines.lidar.pipeline.LidarPipeline` is the export
 * `LidarPipeline` of `pipelines/lidar/pipeline.ts`. Each file is bundled once into `outDir`; its imports of the
 * runtime (or of `sluice`) become imports of `runtimeIndex`, so that there is one copy of every class.
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
        module = bundleAndImport(source, options)
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

async function bundleAndImport(
  source: string,
  {
    projectRoot,
    outDir,
    runtimeIndex,
  }: { readonly projectRoot: string; readonly outDir: string; readonly runtimeIndex: string },
): Promise<Record<string, unknown>> {
  const esbuild = await import('esbuild')
  mkdirSync(outDir, { recursive: true })
  const name = `${path.basename(path.dirname(source))}-${path.basename(source, '.ts')}`
  const outfile = path.join(outDir, `${name}.mjs`)
  // The project's own runtime folder, and the one that this program was built from: not always the same.
  const runtimeSources = [projectRoot, path.join(path.dirname(runtimeIndex), '..')].map((folder) =>
    path.resolve(folder, 'runtime', 'index.ts'),
  )
  try {
    await esbuild.build({
      entryPoints: [source],
      outfile,
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
    return (await import(`${pathToFileURL(outfile).href}`)) as Record<string, unknown>
  } catch (cause) {
    const errors = (cause as { errors?: { text: string; location?: { line: number; column: number } }[] })
      .errors
    throw new ConfigError(
      errors?.map(({ text, location }) => ({
        severity: 'error' as const,
        file: source,
        ...(location ? { line: location.line, column: location.column + 1 } : {}),
        path: '',
        message: text,
      })) ?? [
        {
          severity: 'error',
          file: source,
          path: '',
          message: `cannot be loaded: ${(cause as Error).message}`,
        },
      ],
      { cause },
    )
  }
}
