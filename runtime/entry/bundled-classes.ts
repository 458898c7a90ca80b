/**
 * The exports that a pipeline's configuration files name, by classname. Empty here: in an artefact, `infra/bundle.ts`
 * puts a module in this one's place that imports every one of them.
 */
export const bundledClasses: Readonly<Record<string, unknown>> = {}
