import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** For tests: programs that know netCDF, where they are installed. */
export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
}

const fixtures = join(import.meta.dirname, 'fixtures/netcdf')

/** For tests: the first Python that has all of these modules. */
export function pythonWith(...modules: string[]): string | undefined {
  const import_ = `import ${modules.join(', ')}`
  return ['python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-W', 'ignore', '-c', import_]).status === 0,
  )
}

/** For tests that compare with what xarray does today: older releases (Debian 12's, say) differ in details. */
export function pythonWithRecentXarray(...modules: string[]): string | undefined {
  const probe = `import xarray, ${['json', ...modules].join(', ')}; assert int(xarray.__version__.split('.')[0]) >= 2025`
  return ['python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-W', 'ignore', '-c', probe]).status === 0,
  )
}

/** Runs Python code, with `generate.py` at hand as a module, and gives what it prints as JSON. */
export function runPython(python: string, code: string, ...args: string[]): unknown {
  const text = execFileSync(python, ['-W', 'ignore', '-B', '-c', code, ...args], {
    env: { ...process.env, PYTHONPATH: fixtures },
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  return JSON.parse(text)
}

export function ncdump(...args: string[]): string {
  return execFileSync('ncdump', args, { encoding: 'utf8' })
}
