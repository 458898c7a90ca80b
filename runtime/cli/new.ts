import { ingestScaffold } from '../local/scaffold/ingest-scaffold.ts'
import { makePipeline, requireName } from '../local/scaffold/new-pipeline.ts'
import { vapScaffold } from '../local/scaffold/vap-scaffold.ts'
import { findProject } from './project.ts'
import { colors, print } from './terminal.ts'

/** `sluice new ingest`: a pipeline that reads files, at one or several sites. */
export function newIngest(
  name: string,
  options: { readonly site: readonly string[]; readonly registry: string },
): void {
  const project = findProject(options.registry)
  const sites = [...new Set(options.site)]
  for (const site of sites) requireName(site, 'site')
  const made = makePipeline({ ...project, name }, (_registry, files) => ingestScaffold(name, sites, files))
  tell(made, name, sites)
}

/** `sluice new vap`: hourly means of what other pipelines write. */
export function newVap(
  name: string,
  options: { readonly from: readonly string[]; readonly registry: string },
): void {
  const project = findProject(options.registry)
  let sites: readonly string[] = []
  const made = makePipeline({ ...project, name }, (registry, files) => {
    const scaffold = vapScaffold(name, options.from, { ...project, registry, files })
    sites = scaffold.sites
    return scaffold
  })
  tell(made, name, sites)
}

function tell(made: readonly string[], name: string, sites: readonly string[]): void {
  print(`${colors.green('made')} ${name}, at ${sites.join(', ')}, and registered it:`)
  for (const file of made) print(`  ${file}`)
  print(`\nWhat to change stands in pipelines/${name}/README.md. It runs as it is: npx sluice demo`)
}
