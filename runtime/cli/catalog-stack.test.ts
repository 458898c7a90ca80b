import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AwsFault } from '../aws/testing/aws-server.ts'
import type { PgServer } from '../catalog/pg-server.ts'
import { DataApi } from '../catalog/testing/data-api.ts'
import { administer, startTestServer, type TestServer } from '../catalog/testing/postgres-server.ts'
import { DeployedTestStack } from './testing/deployed-stack.ts'

const stack = 'feature-x-1234abcd'

describe('sluice catalog --stack, on real PostgreSQL behind the Data API', () => {
  let server: TestServer
  let main: PgServer
  let api: DataApi
  let deployed: DeployedTestStack
  let database: string
  const catalog = (...args: string[]) => deployed.box.sluice('catalog', ...args, '--stack', stack)
  const query = (sql: string, ...args: string[]) => catalog('query', '--sql', sql, ...args)

  beforeAll(async () => {
    server = await startTestServer()
    main = await server.createDatabase()
    await administer(
      main,
      'do $$ begin create role rds_iam; exception when duplicate_object then null; end $$',
    )
    // As AWS has it: the master is no superuser, and makes roles and databases.
    const master = `${main.database}_master`
    await administer(main, `create role ${master} login createdb createrole password 'Secret1'`)
    await administer(main, `grant rds_iam to ${master} with admin option`)
    api = new DataApi({ ...main, user: master, password: 'Secret1' })
    deployed = await DeployedTestStack.start(stack)
    deployed.aws.dataApi = api
    database = `sluice_test_${main.database.slice(-8)}`
    const clusterArn = 'arn:aws:rds:us-west-2:123456789012:cluster:catalog'
    deployed.leaveDeployment({
      catalog: { clusterArn, secretArn: 'arn:aws:secretsmanager:s', database, user: database },
    })
    // The cluster's main database has a fixed name.
    deployed.aws.operations = {
      ...deployed.aws.operations,
      ...Object.fromEntries(
        (['ExecuteStatement', 'BeginTransaction'] as const).map((operation) => [
          `rds-data:${operation}`,
          (input: Readonly<Record<string, unknown>>) =>
            api.answer(operation, {
              ...input,
              ...(input.database === 'sluice' && { database: main.database }),
            } as never),
        ]),
      ),
    }
  })
  afterAll(async () => {
    await deployed.close()
    await api.close()
    await administer(main, `drop database if exists ${database} with (force)`)
    await administer(main, `drop role if exists ${database}`)
    await administer(main, `drop owned by ${main.database}_master`)
    await administer(main, `drop role ${main.database}_master`)
    await server.remove()
  })

  it('says how to make the database before it is there', async () => {
    expect(await query('select 1')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `the stack's database is not there: run \`sluice catalog migrate --stack ${stack}\`, or deploy again\n`,
    })
  })

  it('makes and migrates it, and says so while the cluster wakes up', async () => {
    api.asleep = 1
    const { code, stdout, stderr } = await catalog('migrate')
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'the catalog is paused and wakes up, which takes up to half a minute\n',
    })
    expect(stdout).toMatch(/^applied 0001-shows-and-files\n[\s\S]*the catalog is at \d{4}-/)
    expect((await catalog('migrate')).stdout).toMatch(/^the catalog is at \d{4}-\S+\n$/)
    expect((await catalog('status')).stdout).toMatch(/^0001-shows-and-files +\d{4}-/m)
  })

  it('adds, lists, shows and deletes shows', async () => {
    expect(await catalog('shows', 'add', "O'Hara", '--director', 'x"y', '--character', 'A')).toMatchObject({
      code: 0,
      stdout: "added O'Hara\n",
      stderr: '',
    })
    expect((await catalog('shows', 'add', "O'Hara")).stderr).toContain("there is a show O'Hara already: ")
    expect((await catalog('shows', 'add', 'b', '--release-date', 'soon')).stderr).toBe(
      'invalid input syntax for type date: "soon"\n',
    )
    const listed = JSON.parse((await catalog('shows', 'list', '--format', 'json')).stdout)
    expect(listed).toMatchObject([{ name: "O'Hara", director: 'x"y', characters: ['A'], files: '0' }])
    expect((await catalog('shows', 'show', "O'Hara")).stdout).toMatch(/director +x"y/)
    const set = ['set', "O'Hara", '--release-date', '2024-05-01', '--character', 'B']
    expect(await catalog('shows', ...set)).toMatchObject({ code: 0, stdout: "changed O'Hara\n" })
    const changed = (await catalog('shows', 'show', "O'Hara")).stdout
    for (const value of [/director +x"y/, /release_date +2024-05-01/, /characters +\["B"\]/]) {
      expect(changed).toMatch(value)
    }
    expect((await catalog('shows', 'delete', "O'Hara")).stdout).toBe("deleted O'Hara\n")
  })

  it('reads as the stack’s user: tables that its loads have made, too', async () => {
    const client = await api.connect(database)
    await client.query(`set role ${database}`)
    await client.query(
      "create table persons (id text, email text); insert into persons values ('1', 'o''hara@x')",
    )
    await client.end()
    const found = await catalog('query', 'person-by-email', '--param', "email=o'hara@x", '--format', 'csv')
    expect(found).toMatchObject({ code: 0, stdout: "id,email\n1,o'hara@x\n", stderr: '' })
  })

  it('changes nothing, whatever it is asked', async () => {
    const client = await api.connect(database)
    await client.query(`set role ${database}`)
    await client.query(
      "create function sneak() returns int language sql volatile as $$ insert into persons values ('2', 'x'); select 1 $$",
    )
    await client.end()
    const refused = [
      'select sneak()',
      "select set_config('transaction_read_only', 'off', true), sneak()",
      'select 1; drop table persons',
      'with x as (delete from persons returning 1) select * from x',
    ]
    for (const sql of refused) {
      const { code, stderr } = await query(sql)
      expect([sql, code, stderr.trimEnd().split('\n').length]).toEqual([sql, 1, 1])
    }
    expect((await query('select count(*) as n from persons', '--format', 'csv')).stdout).toBe('n\n1\n')
  })

  it('shows rows as table, CSV and JSON, to a limit, and larger than one answer of the Data API', async () => {
    const sql = "select i as n, repeat('x', 9000) as t from generate_series(1, 2500) i order by i"
    const { code, stdout, stderr } = await query(sql, '--limit', '2000', '--format', 'csv')
    expect([code, stdout.split('\n').length - 2, stderr]).toEqual([
      0,
      2000,
      'these are the first 2000 rows; --limit gives more\n',
    ])
    expect(JSON.parse((await query('select 1 as n, null as t', '--format', 'json')).stdout)).toEqual([
      { n: 1, t: null },
    ])
    expect((await query('table persons')).stdout).toBe("id  email\n 1  o'hara@x\n")
  })

  it('gives as text what the Data API has no type for, exactly', async () => {
    const sql =
      "select 9007199254740993 as big, '12:00:00+02'::timetz as t, interval '1 day' as i, null::oid as o, true as b -- x"
    const { code, stdout, stderr } = await query(sql, '--format', 'json')
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'some types are unknown to the Data API: every value is shown as text\n',
    })
    expect(JSON.parse(stdout)).toEqual([
      { big: '9007199254740993', t: '12:00:00+02', i: '1 day', o: null, b: 'true' },
    ])
    expect((await query("select interval '1 day' as a, 2 as a")).stderr).toBe(
      'two columns have the name a: tell them apart with `as`\n',
    )
    expect((await catalog('query', 'thumbnails-smallest')).code).toBe(0)
  })

  it.each([
    ['select nothing', 'column "nothing" does not exist\n'],
    ['delete from persons', 'delete: a query is one select, values, table or with; it changes nothing\n'],
    ["select repeat('x', 70000) as t", 'a row is larger than the 64 KB that the Data API gives of one: '],
    ['table sluice_secrets', 'relation "sluice_secrets" does not exist\n'],
  ])('refuses %s in one line', async (sql, message) => {
    const { code, stdout, stderr } = await query(sql)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it('asks in the registry’s region, of the cluster that the deployment named', () => {
    const calls = deployed.aws.calls.filter(({ operation }) => operation.startsWith('rds-data:'))
    expect(new Set(calls.map(({ region }) => region))).toEqual(new Set(['us-west-2']))
    expect(new Set(calls.map(({ input }) => input.secretArn))).toEqual(new Set(['arn:aws:secretsmanager:s']))
  })
})

describe('sluice catalog --stack, when it cannot', () => {
  let deployed: DeployedTestStack
  const query = (name = stack, env: Record<string, string> = {}) =>
    deployed.box.sluiceWith(env, 'catalog', 'query', 'files-count', '--stack', name)
  beforeAll(async () => {
    deployed = await DeployedTestStack.start(stack)
  })
  afterAll(() => deployed.close())
  beforeEach(() => {
    deployed.s3.authorize = () => true
    deployed.aws.operations = {}
  })
  const catalog = { clusterArn: 'arn:c', secretArn: 'arn:s', database: 'd', user: 'u' }
  const answers = (name: string, message: string, status = 400) => {
    deployed.leaveDeployment({ catalog })
    const fail = () => {
      throw new AwsFault(name, message, status)
    }
    deployed.aws.operations = { 'rds-data:BeginTransaction': fail, 'rds-data:ExecuteStatement': fail }
  }

  it('says that a stack is not deployed', async () => {
    expect(await query('other-99999999')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^the stack other-99999999 is not deployed in account 123456789012, us-west-2: there is no bucket ocean-pipelines-logs-other-99999999-[0-9a-f]{10}\n$/,
      ),
    })
  })

  it('says that a stack has no catalog, or does not tell', async () => {
    deployed.s3.buckets.get(deployed.plan.buckets.logs as string)?.delete('deployment.json')
    expect((await query()).stderr).toBe(
      `the stack ${stack} does not tell where its catalog is: deploy it again with this version of Sluice\n`,
    )
    deployed.leave('plan.json', { ...deployed.plan, runs: [] })
    expect((await query()).stderr).toBe(
      `the stack ${stack} has no catalog: none of its pipelines has uses: [catalog]\n`,
    )
    deployed.leave('plan.json', deployed.plan)
  })

  it('says that there are no credentials', async () => {
    const { code, stderr } = await query(stack, { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' })
    expect([code, stderr]).toEqual([
      1,
      'no AWS credentials were found: log in (`aws sso login`) and set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n',
    ])
  })

  it('says which permission is missing', async () => {
    deployed.s3.authorize = () => false
    expect(await query()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^these credentials may not do s3:GetObject on ocean-pipelines-logs-\S+\/plan\.json/,
      ),
    })
    deployed.s3.authorize = () => true
    answers('AccessDeniedException', 'User: u is not authorized to perform: rds-data:BeginTransaction', 403)
    expect(await query()).toMatchObject({
      code: 1,
      stderr:
        'these credentials may not do rds-data:ExecuteStatement on the catalog cluster and secretsmanager:GetSecretValue on its secret: User: u is not authorized to perform: rds-data:BeginTransaction\n',
    })
  })

  it.each([
    [
      'ExpiredTokenException',
      'The security token included in the request is expired',
      'have expired: log in again',
    ],
    ['UnrecognizedClientException', 'The security token is invalid', 'AWS does not know these credentials'],
    [
      'HttpEndpointNotEnabledException',
      'HttpEndpoint is not enabled',
      'the Data API of the catalog cluster is switched off',
    ],
    [
      'DatabaseNotFoundException',
      'DB cluster not found',
      'the catalog cluster is not there: deploy the base stack',
    ],
    ['StatementTimeoutException', 'Request timed out', 'longer than the 45 seconds'],
    [
      'DatabaseErrorException',
      'ERROR: permission denied to set role "u"; SQLState: 42501',
      `run \`sluice catalog migrate --stack ${stack}\``,
    ],
  ])('explains %s in one line', async (name, message, said) => {
    answers(name, message)
    const { code, stdout, stderr } = await query()
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(said)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it('is not AWS’s fault where it cannot be reached', async () => {
    const { code, stderr } = await query(stack, { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' })
    expect(code).toBe(70)
    expect(stderr).toMatch(
      /plan\.json cannot be read: .*ECONNREFUSED 127\.0\.0\.1:1: is this machine online\?\n$/,
    )
  })

  it.each([
    ['', '--stack "": a stack\'s name has 1 to 100 letters'],
    ['../x', '--stack "../x": a stack\'s name has'],
  ])('refuses %j for a stack', async (name, message) => {
    for (const command of [['catalog', 'status'], ['plan'], ['check']]) {
      const { code, stderr } = await deployed.box.sluice(...command, '--stack', name)
      expect(code).toBe(1)
      expect(stderr).toContain(message)
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    }
  })
})
