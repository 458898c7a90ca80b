import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkRegistry } from './load.ts'
import { projectFiles } from './project-files.ts'

const golden = path.join(import.meta.dirname, 'golden')

function linkedFiles(name: string): readonly string[] | undefined {
  const [own, shared] = [projectFiles(path.join(golden, name)), projectFiles(path.join(golden, 'project'))]
  const files = {
    readText: (file: string) => own.readText(file) ?? shared.readText(file),
    listFolder: (folder: string) => own.listFolder(folder) ?? shared.listFolder(folder),
  }
  return checkRegistry({ projectRoot: name, files }).registry?.sites[0]?.facts.linkedFiles
}

describe('files that parameters of a class name', () => {
  it('are linked, and so deployed, where the schema gives them the format project-file', () => {
    expect(linkedFiles('good-own-file')).toEqual([
      'pipelines/photos/config/pipeline.yaml',
      'pipelines/photos/config/logo.png',
    ])
  })

  it('are no others', () => {
    expect(linkedFiles('good-own-parameters')).toEqual(['pipelines/photos/config/pipeline.yaml'])
  })
})
