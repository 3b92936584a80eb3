import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heldClock } from '../../test/harness/approval-office.ts'
import {
  chatBody,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
  type TestEvidence,
} from '../../test/harness/evidence.ts'
import { record } from '../../test/harness/recorded.ts'
import { tracingOf } from '../../test/harness/traced.ts'
import { until } from '../../test/harness/until.ts'
import { createHuntDesk } from '../incident/hunt/hunt-desk.ts'
import type { HuntNews, HuntOrder, HuntRunner } from '../incident/hunt/hunt-desk.ts'
import { GatewayError } from '../model/errors.ts'
import { NOTHING_FOUND } from '../model/hunts.ts'
import { openStore } from '../store/store.ts'
import { createLogger } from '../telemetry/logger.ts'
import { huntPolicy } from './hunt-policy.ts'
import { huntedRule } from './hunted-rule.ts'
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

async function ran(
  parts: Parameters<typeof runThread>[0],
  order: HuntOrder,
  cancelFirst = false,
): Promise<HuntNews> {
  const news: HuntNews[] = []
  const run = runThread(parts, order, (one) => news.push(one))
  if (cancelFirst) run.cancel()
  await until(() => news.at(-1) !== undefined && news.at(-1)?.state !== 'running')
  await run.stop()
  return news.at(-1)!
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
  const whole = await ran(parts, ORDER)
  assert.deepEqual([whole.state, whole.place, whole.hits.length], ['done', '', 4])
  assert.equal(whole.summary.exchanges, 4)
  const stopped = await ran(parts, ORDER, true)
  assert.equal(stopped.state, 'cancelled')
  assert.match(stopped.place, /^in_.*:\d+:\d+$/)
  const resumed = await ran(parts, { ...ORDER, ...stopped })
  assert.deepEqual([resumed.state, resumed.hits], ['done', whole.hits])
  assert.equal(resumed.summary.exchanges, 4)
  // Where a hunt stands somewhere behind, what lies before is not read again.
  const rest = { ...ORDER, place: stopped.place, hits: whole.hits.slice(0, 1) }
  const last = await ran(parts, rest, true)
  assert.deepEqual(last.hits, whole.hits.slice(0, 1))
})

/** Longer than a page of the hunt. */
const HUNTED = 230

test('a policy hunt that is cancelled again and again finds what one in a piece finds, each exchange once', async () => {
  await using folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  await Promise.all(
    Array.from({ length: HUNTED }, (_, n) =>
      record(to, {
        facts: { model: n % 2 === 0 ? 'owl' : 'emu', receivedAtMs: 1_790_000_000_000 },
      }),
    ),
  )
  await using log = createLogger({ level: 'silent', format: 'json' })
  const parts = {
    folder: folder.path,
    storage: { kind: 'sqlite' as const, folder: folder.path },
    log,
  }
  const order: HuntOrder = {
    ...ORDER,
    kind: 'policy',
    text: 'id: owls\ntitle: Owls\non: request\nthen: hold\nstage: shadow\nmessage: No.\nmodels: [owl]',
  }
  const whole = await ran(parts, order)
  assert.deepEqual(
    [whole.state, whole.place, whole.bytes, whole.bytesTotal, whole.summary.exchanges],
    ['done', '', HUNTED, HUNTED, HUNTED / 2],
  )
  // Cancelled before it begins, on its first page, at the end of that, and on the next.
  const places = (await to.store.search.list({ values: {} }, { limit: HUNTED })).map(({ id }) => id)
  for (const at of [0, 77, 200, 229, 230]) {
    const begun = await untilRead(to, order, at)
    assert.equal(begun.state, at < HUNTED ? 'cancelled' : 'done')
    assert.deepEqual([begun.place, begun.bytes], [at === HUNTED ? '' : (places[at - 1] ?? ''), at])
    if (at === HUNTED) continue
    const again = await untilRead(to, { ...order, ...begun }, HUNTED)
    assert.deepEqual([again.state, again.bytes], ['done', HUNTED])
    assert.deepEqual(again.summary, whole.summary)
  }
  // The thread itself hears of it: what it told last is a place that it goes on from.
  const stopped = await ran(parts, order, true)
  assert.equal(stopped.state, 'cancelled')
  const resumed = await ran(parts, { ...order, ...stopped })
  assert.deepEqual([resumed.state, resumed.summary], ['done', whole.summary])
})

/** Cancelled as soon as so many exchanges were judged. */
async function untilRead(to: TestEvidence, order: HuntOrder, most: number): Promise<HuntNews> {
  const policy = huntedRule(order.text, [])
  if (typeof policy === 'string') assert.fail(policy)
  await using tracing = await tracingOf(to.folder, to)
  const news: HuntNews[] = []
  let asked = 0
  await huntPolicy(policy, order, {
    store: to.store,
    reader: tracing.parts.reader,
    master: Buffer.alloc(32),
    isCancelled: () => (asked += 1) > most,
    tell: (one) => news.push(one),
  })
  return news.at(-1)!
}

test('a hunt that fails where it was taken up again keeps what it had found', async () => {
  await using folder = await temporaryFolder()
  await using log = createLogger({ level: 'silent', format: 'json' })
  const summary = { ...NOTHING_FOUND, exchanges: 7 }
  const order = { ...ORDER, kind: 'policy' as const, text: 'id: [', bytes: 9, summary }
  const parts = {
    folder: folder.path,
    storage: { kind: 'sqlite' as const, folder: folder.path },
    log,
  }
  const failed = await ran(parts, order)
  assert.deepEqual([failed.state, failed.bytes, failed.summary], ['failed', 9, summary])
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
