import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { jsonLines, runCliWith } from '../../test/harness/cli.ts'
import { startConsole } from '../../test/harness/console.ts'
import { temporaryFolder, type TemporaryFolder } from '../../test/harness/evidence.ts'
import { startPostgres, type RunningPostgres } from '../../test/harness/postgres.ts'
import { record } from '../../test/harness/recorded.ts'
import { openEvidence } from '../evidence/open-evidence.ts'
import type { ExchangeId } from '../lib/ids.ts'
import { systemClock } from '../lib/clock.ts'
import { openStore } from '../store/store.ts'
import { untilSeen } from '../../test/harness/until.ts'

let postgres: RunningPostgres
let folder: TemporaryFolder

before(async () => {
  postgres = await startPostgres()
  folder = await temporaryFolder()
  await writeFile(
    join(folder.path, 'custody.yaml'),
    'storage: { folder: data, index: { postgres: "${DATABASE_URL}" } }\n',
  )
})
after(async () => {
  await postgres[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

function custody(...args: readonly string[]) {
  const config = join(folder.path, 'custody.yaml')
  return runCliWith({ env: { DATABASE_URL: postgres.url } }, ...args, '--config', config)
}

async function recordTwo(path: string): Promise<ExchangeId[]> {
  await using store = await openStore({ kind: 'postgres', url: postgres.url })
  await using evidence = await openEvidence({
    folder: path,
    index: store.index,
    clock: systemClock,
    limits: { extentBytes: 65_536, freeBytesMin: 0 },
  })
  const to = { folder: path, store, evidence, [Symbol.asyncDispose]: async () => {} }
  return [await record(to), await record(to, { closing: null })]
}

test('list, show and reindex work on PostgreSQL, and rows of other gateways are not lost by accident', async () => {
  const data = join(folder.path, 'data')
  const ids = await recordTwo(data)
  const listed = async (): Promise<unknown[]> =>
    jsonLines((await custody('exchanges', '--json')).out).map(({ id }) => id)
  assert.deepEqual(await listed(), ids.toReversed())
  assert.match((await custody('show', ids[0]!)).out, /\| Hi\./)
  assert.equal((await custody('reindex')).code, 0)
  assert.deepEqual(await listed(), ids.toReversed())

  const others = await recordTwo(join(folder.path, 'elsewhere'))
  const refused = await custody('reindex')
  assert.equal(refused.code, 1)
  assert.match(refused.err, /--drop-others/)
  assert.deepEqual(await listed(), [...ids, ...others].toReversed())
  assert.equal((await custody('reindex', '--drop-others')).code, 0)
  assert.deepEqual(await listed(), ids.toReversed())
})

test('a text is traced through a gateway whose index lies in PostgreSQL, and forgotten there', async () => {
  await using console = await startConsole({
    yaml: 'storage: { index: { postgres: "${DATABASE_URL}" } }\n',
    env: { DATABASE_URL: postgres.url },
  })
  const ines = await console.person('ines', ['investigator'])
  const text =
    'The board of Halvorsen Shipping resolved on Tuesday to sell the northern yard to its rival for nine million, subject to the consent of the bank.'
  const id = await console.chat(`Summarise: ${text}`)
  await console.chat('Something else altogether.')
  // The index stays behind here: of the gateway of another folder, whose rows are in this database, nobody reads.
  const trace = async (exposures: number) =>
    untilSeen(
      () => ines.call('POST', '/trace', { body: { text } }),
      ({ body }) => body.exposures?.length === exposures,
    )
  const found = await trace(2)
  assert.equal(found.status, 200, found.text)
  assert.deepEqual(
    found.body.exposures.map((one: { exchange: { id: string }; direction: string }) => [
      one.exchange.id,
      one.direction,
    ]),
    [
      [id, 'sent'],
      [id, 'received'],
    ],
  )
  const scope = { kind: 'exchange', exchanges: [id] }
  const reason = 'the person asked for it'
  const erased = await console.admin('POST', '/erasures', {
    body: { scope, reason, despiteMinimum: true },
  })
  assert.equal(erased.body.erasures?.[0]?.exchanges[0], id, erased.text)
  assert.deepEqual((await trace(0)).body.exposures, [])
})
