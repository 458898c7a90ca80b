import type {
  ClaimedInput,
  Log,
  ObjectReader,
  RunContext,
  RunNotes,
  Skipped,
  Succeeded,
  WorkUnit,
} from '../contracts.ts'
import type { RunRequest } from './execute.ts'
import type { RecordedOutputs } from './recorded-outputs.ts'
import { withScratchDir } from './scratch.ts'
import { orAborted } from './time-limit.ts'

export interface ModuleParts {
  readonly work: WorkUnit
  /** Asked for when the pipeline looks at them: of a prefix they may be a million. */
  readonly inputs: () => readonly ClaimedInput[]
  readonly raw: ObjectReader
  readonly outputs: RecordedOutputs
  readonly log: Log
  readonly signal: AbortSignal
  readonly note: (notes: RunNotes) => void
}

/** Runs the pipeline once, in scratch space of its own, for as long as the signal lets it. */
export async function runModule(request: RunRequest, parts: ModuleParts): Promise<Succeeded | Skipped> {
  const { run, runId, module } = request
  const { work, raw, outputs, log, signal, note } = parts
  let inputs: readonly ClaimedInput[] | undefined
  const result = await withScratchDir(request.scratchRoot, runId, log, (scratchDir) => {
    const context: RunContext = {
      run,
      runId,
      attempt: request.attempt,
      work,
      get inputs() {
        inputs ??= parts.inputs()
        return inputs
      },
      raw,
      output: outputs.output,
      outputs: outputs.outputs,
      log,
      now: request.now,
      scratchDir,
      projectRoot: request.projectRoot,
      signal,
      codeVersion: request.codeVersion,
      classes: request.classes,
      ...(request.searchPath && { searchPath: request.searchPath }),
      ...(request.redshift && { redshift: request.redshift }),
      ...(request.catalog && { catalog: request.catalog }),
      note,
      progress: (done, total) => request.onProgress?.(done, total),
    }
    return orAborted(
      Promise.resolve().then(() => module.run(context)),
      signal,
    )
  })
  if (result?.outcome !== 'succeeded' && result?.outcome !== 'skipped') {
    throw new TypeError(
      `${run.key}: a pipeline returns succeeded(…) or skipped(…), or throws; this one did neither`,
    )
  }
  return result
}
