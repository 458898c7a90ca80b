import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { iamPassword } from './iam-password.ts'
import { serverOfSecret, serverOfUrl } from './pg-server.ts'

const secret = 'S3cr:t/@!'
const shown = (action: () => unknown): string => {
  try {
    return inspect(action(), { depth: 10, showHidden: true })
  } catch (error) {
    return inspect(error, { depth: 10, showHidden: true })
  }
}

describe('serverOfUrl', () => {
  it('reads what a URL names', () => {
    expect(
      serverOfUrl(`postgresql://me:${encodeURIComponent(secret)}@db.example.org:5433/cat%20alog`),
    ).toEqual({
      host: 'db.example.org',
      port: 5433,
      user: 'me',
      password: secret,
      database: 'cat alog',
      tls: { mode: 'verify-full' },
    })
    expect(serverOfUrl('postgres://me@localhost/catalog')).toEqual({
      host: 'localhost',
      port: 5432,
      user: 'me',
      database: 'catalog',
      tls: { mode: 'disable' },
    })
    expect(serverOfUrl('postgres://me@[::1]/c')).toMatchObject({ host: '::1', tls: { mode: 'disable' } })
    expect(serverOfUrl('postgres://me@x/c?host=/run/postgresql')).toMatchObject({ host: '/run/postgresql' })
  })

  it.each([
    ['', 'verify-full'],
    ['?sslmode=disable', 'disable'],
    ['?sslmode=require', 'verify-full'],
    ['?sslmode=verify-ca', 'verify-ca'],
    ['?sslmode=verify-full', 'verify-full'],
  ])('protects a server elsewhere with %j by %s', (query, mode) => {
    expect(serverOfUrl(`postgres://me@db.example.org/c${query}`).tls.mode).toBe(mode)
  })

  it.each([
    [`postgres://me:${secret}@@@`, 'DATABASE_URL'],
    [`mysql://me:secret@h/c`, 'only postgresql://'],
    [`me:${secret}`, 'DATABASE_URL'],
    ['postgres://:secret@h/c', 'names no user'],
    ['postgres://me:secret@h', 'names no database'],
    ['postgres://me:%zz@h/c', '%25'],
    ['postgres://me:secret@h/c?sslmode=prefer', 'sslmode=prefer'],
    [
      'postgres://me:secret@h/c?sslmode=verify-full&sslrootcert=/no/such',
      'sslrootcert=/no/such cannot be read',
    ],
    ['postgres://me:secret@h/c?sslkey=x', 'the parameter sslkey is not known'],
    ['postgres://me:secret@h:99999/c', 'is no URL'],
  ])('refuses %j and does not repeat the password', (url, message) => {
    const text = shown(() => serverOfUrl(url))
    expect(text).toContain('UsageError')
    expect(text).toContain(message)
    expect(text).not.toContain('secret')
    expect(text).not.toContain(secret)
  })
})

describe('serverOfSecret', () => {
  const keys = { host: 'db', port: 5432, username: 'me', password: secret, dbname: 'catalog' }

  it('reads the five keys', () => {
    expect(serverOfSecret(JSON.stringify(keys))).toEqual({
      host: 'db',
      port: 5432,
      user: 'me',
      password: secret,
      database: 'catalog',
      tls: { mode: 'verify-full' },
    })
    expect(serverOfSecret(JSON.stringify({ ...keys, port: '5433' })).port).toBe(5433)
  })

  it.each([
    ['{', 'no JSON'],
    ['null', 'host is missing'],
    [JSON.stringify({ ...keys, username: undefined }), 'username is missing'],
    [JSON.stringify({ ...keys, port: 'x' }), 'a port that is none'],
    [`{"password": "${secret}"`, 'no JSON'],
  ])('refuses %j and does not repeat it', (json, message) => {
    const text = shown(() => serverOfSecret(json))
    expect(text).toContain(message)
    expect(text).not.toContain(secret)
  })
})

describe('iamPassword', () => {
  it('gives tokens for the server and user', async () => {
    const server = { host: 'db.example.org', port: 5432, user: 'pipeline' }
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }
    const token = await iamPassword(server, { region: 'us-west-2', credentials })()
    const url = new URL(`https://${token}`)
    expect(url.host).toBe('db.example.org:5432')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      Action: 'connect',
      DBUser: 'pipeline',
      'X-Amz-Expires': '900',
      'X-Amz-Credential': expect.stringContaining('us-west-2/rds-db/aws4_request'),
    })
  })
})
