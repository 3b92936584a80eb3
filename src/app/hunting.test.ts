import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heldClock } from '../../test/harness/approval-office.ts'
import {
  chatBody,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
} from '../../test/harness/evidence.ts'
import { record } from '../../test/harness/recorded.ts'
import { until } from '../../test/harness/until.ts'
import { createHuntDesk } from '../incident/hunt/hunt-desk.ts'
import type { HuntNews, HuntOrder, HuntRunner } from '../incident/hunt/hunt-desk.ts'
import { GatewayError } from '../model/errors.ts'
import { NOTHING_FOUND } from '../model/hunts.ts'
import { openStore } from '../store/store.ts'
import { createLogger } from '../telemetry/logger.ts'
import { runThread } from './hunting.ts'

const WORD = 'Pterodactyl'
const ORDER: HuntOrder = {
  kind: 'text',
  text: WORD,
  query: { values: {} },
  place: '',
  hits: [],
  bytes: 0,
  summary: NOTHING_FOUND,
}

test('a cancelled hunt goes on where it was stopped, and finds what one in a piece finds', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  for (let n = 0; n < 4; n += 1) {
    const { bytes, spans } = chatBody([{ role: 'user', text: `${WORD} number ${n}` }])
    await record(to, { body: wholeBody(bytes, spans) })
  }
  await using log = createLogger({ level: 'silent', format: 'json' })
  const parts = {
    folder: folder.path,
    storage: { kind: 'sqlite' as const, folder: folder.path },
    log,
  }
  const ran = async (order: HuntOrder, cancelFirst: boolean): Promise<HuntNews> => {
    const news: HuntNews[] = []
    const run = runThread(parts, order, (one) => news.push(one))
    if (cancelFirst) run.cancel()
    await until(() => news.at(-1) !== undefined && news.at(-1)?.state !== 'running')
    await run.stop()
    return news.at(-1)!
  }
  const whole = await ran(ORDER, false)
  assert.deepEqual([whole.state, whole.place, whole.hits.length], ['done', '', 4])
  assert.equal(whole.summary.exchanges, 4)
  const stopped = await ran(ORDER, true)
  assert.equal(stopped.state, 'cancelled')
  assert.match(stopped.place, /^in_.*:\d+:\d+$/)
  const resumed = await ran({ ...ORDER, ...stopped }, false)
  assert.deepEqual([resumed.state, resumed.hits], ['done', whole.hits])
  assert.equal(resumed.summary.exchanges, 4)
  // Where a hunt stands somewhere behind, what lies before is not read again.
  const last = await ran({ ...ORDER, place: stopped.place, hits: whole.hits.slice(0, 1) }, true)
  assert.deepEqual(last.hits, whole.hits.slice(0, 1))
})

const NEWS: HuntNews = {
  bytes: 5,
  bytesTotal: 10,
  place: 'in_x:1:5',
  hits: [],
  summary: NOTHING_FOUND,
  state: 'running',
}

/** A runner that is told by the test what to do next. */
function heldRunner() {
  const runs: { order: HuntOrder; tell: (news: HuntNews) => void; isStopped: boolean }[] = []
  const runner: HuntRunner = {
    check: () => null,
    digest: (text) => `digest of ${text.length}`,
    run: (order, tell) => {
      const run = { order, tell, isStopped: false }
      runs.push(run)
      return {
        cancel: () => tell({ ...NEWS, state: 'cancelled' }),
        stop: async () => {
          run.isStopped = true
        },
      }
    },
  }
  return { runs, runner }
}

const wanted = {
  kind: 'text' as const,
  text: WORD,
  title: 'birds',
  scope: '',
  query: { values: {} },
  person: 'per_1',
  personName: 'Ida',
}

const conflict = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === 'api.conflict'

test('a hunt whose gateway ended is taken up again with the same text, and with no other', async () => {
  await using folder = await temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  const clock = heldClock()
  const table = store.control.hunts
  const first = heldRunner()
  const onFault = (): never => assert.fail()
  const before = createHuntDesk({ table, clock, runner: first.runner, onFault })
  const { row } = await before.begin(wanted)
  first.runs[0]?.tell(NEWS)
  await before[Symbol.asyncDispose]()
  assert.equal(first.runs[0]?.isStopped, true)

  const second = heldRunner()
  await using after = createHuntDesk({ table, clock, runner: second.runner, onFault })
  assert.equal((await after.read(row.id)).state, 'running')
  await assert.rejects(after.resume(row.id, WORD), conflict)
  clock.pass(60_000)
  assert.equal((await after.read(row.id)).state, 'interrupted')
  await assert.rejects(after.resume(row.id, `${WORD}s`), conflict)
  assert.equal((await after.resume(row.id, WORD)).state, 'running')
  const [run] = second.runs
  assert.deepEqual([run?.order.place, run?.order.bytes, run?.order.text], ['in_x:1:5', 5, WORD])
  run?.tell({ ...NEWS, state: 'done', place: '' })
  await until(async () => (await after.read(row.id)).state === 'done')
  await assert.rejects(after.resume(row.id, WORD), conflict)
})

test('a cancelled hunt stays with what it found; no more than two run at once', async () => {
  await using folder = await temporaryFolder()
  await using store = await openStore({ kind: 'sqlite', folder: folder.path })
  const { runner, runs } = heldRunner()
  await using desk = createHuntDesk({
    table: store.control.hunts,
    clock: heldClock(),
    runner,
    onFault: () => assert.fail(),
  })
  const one = await desk.begin(wanted)
  await desk.begin(wanted)
  await assert.rejects(desk.begin(wanted), conflict)
  await desk.cancel(one.row.id)
  await until(async () => (await desk.read(one.row.id)).state === 'cancelled')
  assert.equal((await desk.read(one.row.id)).row.bytes, 5)
  await desk.begin(wanted)
  assert.equal(runs.length, 3)
  await assert.rejects(desk.resume(one.row.id, WORD), conflict)
})
