import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { jsonLines, runCliWith } from '../../test/harness/cli.ts'
import { temporaryFolder, type TemporaryFolder } from '../../test/harness/evidence.ts'
import { startPostgres, type RunningPostgres } from '../../test/harness/postgres.ts'
import { record } from '../../test/harness/recorded.ts'
import { openEvidence } from '../evidence/open-evidence.ts'
import type { ExchangeId } from '../lib/ids.ts'
import { systemClock } from '../lib/clock.ts'
import { openStore } from '../store/store.ts'

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
