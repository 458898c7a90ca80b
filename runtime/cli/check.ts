import type { Problem } from '../errors.ts'
import { ConfigError } from '../errors.ts'
import { createConfigLoader } from '../ingest/config/config-loader.ts'
import { readProjectText } from '../project-text.ts'
import { formatProblems, problemReport } from '../registry/format-problems.ts'
import { checkRegistry } from '../registry/load.ts'
import { findProject } from './project.ts'
import { colors, print } from './terminal.ts'

/** `sluice check`: prints every problem; exit status 1 when one of them is an error. */
export async function check(options: {
  readonly registry: string
  readonly config?: string
  readonly stack: string
  readonly json?: true
}): Promise<void> {
  const problems = options.config === undefined ? checkProject(options) : checkConfig(options.config)
  const report = problemReport(problems)
  if (options.json) print(JSON.stringify(report, undefined, 2))
  else {
    const text = formatProblems(problems)
    print(report.ok ? colors.green(text) : text)
  }
  if (!report.ok) process.exitCode = 1
}

function checkProject({
  registry,
  stack,
}: {
  readonly registry: string
  readonly stack: string
}): readonly Problem[] {
  const { projectRoot, registryFile } = findProject(registry)
  return checkRegistry({ projectRoot, file: registryFile, stack }).problems
}

/** One pipeline configuration, its paths resolved as `run --config` does. */
function checkConfig(file: string): readonly Problem[] {
  try {
    return createConfigLoader({ root: '.', readText: readProjectText }).load(file).notes
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}
