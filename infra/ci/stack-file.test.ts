import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { imageAddress, lastImage, stackFile } from './stack-file.ts'

const digest = `sha256:${'a'.repeat(64)}`

describe('stackFile', () => {
  const dev = {
    file: 'Pulumi.dev.yaml',
    text: '# Previews\nconfig:\n  # Until CI has built one\n  sluice:image: none\n  sluice:architecture: x64\n',
  }

  it('copies what the source says, with its remarks, and adds what the deployment knows', () => {
    const text = stackFile(dev, { gitBranch: 'feature/x', image: `host/jobs@${digest}` }, 'awskms://alias/k')
    expect(text).toContain('# Previews')
    expect(text).toContain('# Until CI has built one')
    expect(parse(text)).toEqual({
      config: {
        'sluice:image': `host/jobs@${digest}`,
        'sluice:architecture': 'x64',
        'sluice:gitBranch': 'feature/x',
      },
      secretsprovider: 'awskms://alias/k',
    })
  })

  it.each([
    undefined,
    { file: 'f', text: '' },
    { file: 'f', text: '# nothing\n' },
    { file: 'f', text: 'config:\n' },
  ])('begins with nothing where there is nothing: %j', (source) => {
    expect(parse(stackFile(source, { gitBranch: 'x' }, undefined))).toEqual({
      config: { 'sluice:gitBranch': 'x' },
    })
  })

  it('is the same when it is made again of itself, and keeps a key of the same provider', () => {
    const once = `${stackFile(dev, { gitBranch: 'x' }, 'awskms://alias/k')}encryptedkey: abc\n`
    expect(stackFile({ file: 'f', text: once }, { gitBranch: 'x' }, 'awskms://alias/k')).toBe(once)
    const other = parse(stackFile({ file: 'f', text: once }, {}, 'awskms://alias/other'))
    expect(other).not.toHaveProperty('encryptedkey')
  })

  it('writes any branch as text', () => {
    for (const gitBranch of ['on', '1.0', 'a: b', '- x', '#1', '"q"', 'null', "it's", '!tag', '&a', '* x'])
      expect(parse(stackFile(undefined, { gitBranch }, undefined)).config['sluice:gitBranch']).toBe(gitBranch)
  })

  it.each(['- a\n', 'config: 5\n', 'config: [\n'])('refuses %j', (text) => {
    expect(() => stackFile({ file: 'Pulumi.x.yaml', text }, {}, undefined)).toThrow(/^Pulumi\.x\.yaml: /)
  })
})

describe('imageAddress', () => {
  const repository = '123456789012.dkr.ecr.us-west-2.amazonaws.com/ocean/bootstrap/jobs'
  it('names an image by its digest', () => {
    expect(imageAddress(repository, digest)).toBe(`${repository}@${digest}`)
  })
  it.each([
    [repository, 'latest'],
    [repository, `${digest}0`],
    [`${repository}:latest`, digest],
    ['', digest],
    ['host', digest],
  ])('refuses %j with %j', (name, tag) => {
    expect(() => imageAddress(name, tag)).toThrow(/expected/)
  })
})

describe('lastImage', () => {
  it.each([
    [[{ config: { 'sluice:image': { value: 'host/jobs@sha256:1', secret: false } } }], 'host/jobs@sha256:1'],
    [[{ config: {} }], undefined],
    [[{}], undefined],
    [[], undefined],
    [null, undefined],
  ])('of %j is %j', (history, image) => {
    expect(lastImage(JSON.stringify(history))).toBe(image)
  })
})
