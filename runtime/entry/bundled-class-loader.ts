import type { ClassLoader } from '../contracts.ts'
import { ConfigError } from '../errors.ts'
import { customClassFile } from '../ingest/config/custom-class.ts'

/** Loads classes from what an artefact was built with. */
export function bundledClassLoader(bundled: Readonly<Record<string, unknown>>): ClassLoader {
  return {
    async load(classname) {
      if (Object.hasOwn(bundled, classname)) return bundled[classname]
      const { file, exportName } = customClassFile(classname)
      const message = `the class ${classname} is not in this artefact: no configuration file named it when it was built from ${file} (export ${exportName})`
      throw new ConfigError([{ file, severity: 'error', path: '', message }])
    },
  }
}
