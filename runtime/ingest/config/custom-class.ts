import { ConfigError } from '../../errors.ts'

/** Where a class of the user's own stands, in TypeScript: the Python module path is the file's. */
export interface CustomClassFile {
  /** From the project root: `pipelines/example_pipeline/pipeline.ts`. */
  readonly file: string
  readonly exportName: string
}

/** How classes of one's own are named, in words. */
export const customForm = 'pipelines.<pipeline>.<file>.<Export> or shared.<file>.<Export>'

/** Whether a classname has the form of a class of the user's own; nothing is said about whether there is one. */
export function isCustomClass(classname: string): boolean {
  return /^(?:pipelines(?:\.[A-Za-z_]\w*)+|shared)(?:\.[A-Za-z_]\w*){2}$/.test(classname)
}

/** The file and export that a `pipelines.…` or `shared.…` classname stands for. @throws ConfigError for other names */
export function customClassFile(classname: string): CustomClassFile {
  if (!isCustomClass(classname)) {
    const message = `${JSON.stringify(classname)} names no class of this project; expected ${customForm}`
    throw new ConfigError([{ file: classname, severity: 'error', path: '', message }])
  }
  const parts = classname.split('.')
  return { file: `${parts.slice(0, -1).join('/')}.ts`, exportName: parts.at(-1)! }
}
