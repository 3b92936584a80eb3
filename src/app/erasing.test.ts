import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { assertNowhere, recordChat, type Recorded } from '../../test/harness/erasing.ts'
import {
  chatBody,
  closingFacts,
  openTestEvidence,
  openingFacts,
  temporaryFolder,
  wholeBody,
  type TestEvidence,
} from '../../test/harness/evidence.ts'
import { until } from '../../test/harness/until.ts'
import { openProofDesk } from '../evidence/proof-desk.ts'
import { coveredNow, holdsNaming, toldOfHolds } from '../incident/keeping/covered-now.ts'
import { createErasureJobs, type SeenErasureJob } from '../incident/keeping/erasure-jobs.ts'
import { createErasureDesk } from '../incident/keeping/erasures.ts'
import { createHoldDesk } from '../incident/keeping/hold-desk.ts'
import { searchRecord } from '../incident/keeping/search-record.ts'
import { createValueSearch } from '../incident/keeping/value-search.ts'
import { systemClock } from '../lib/clock.ts'
import { GatewayError } from '../model/errors.ts'
import { decodedBody } from './decode-pieces.ts'
import { recordedAnswer } from './recorded-answer.ts'

const VALUE = 'Zoë "Z" of 4 Quince Lane'
const ada = { person: 'per_ada', login: 'ada' }
const bob = { person: 'per_bob', login: 'bob' }
const reason = 'she asked for it'

/** Holds the search at each exchange until the test lets it on. */
class Gate {
  #left = Number.POSITIVE_INFINITY
  waiting = 0
  stopAfter(count: number): void {
    this.#left = count
  }
  open(): void {
    this.#left = Number.POSITIVE_INFINITY
  }
  async pass(): Promise<void> {
    this.#left -= 1
    if (this.#left >= 0) return
    this.waiting += 1
    await until(() => this.#left > 0)
    this.waiting -= 1
  }
}

function keeperOf({ evidence, store }: TestEvidence, gate = new Gate(), later = 0) {
  const clock = { ...systemClock, nowMs: () => Date.now() + later }
  const holds = createHoldDesk({
    table: store.control.holds,
    everPinned: store.control.cases.everPinned,
    clock,
    note: (event) => evidence.recorder.note(event),
    exclusively: (work) => evidence.eraser.exclusively(work),
    coveredNow: (scope) => coveredNow(store, scope),
    told: () => toldOfHolds(store.index, evidence),
    namedBy: (exchange) => holdsNaming(store.index, exchange),
    changes: store.search,
  })
  const reading = {
    index: store.index,
    search: store.search,
    reader: evidence.reader,
    readAnswer: recordedAnswer,
    decode: decodedBody,
    clock,
  }
  const erasures = createErasureDesk({
    ...reading,
    eraser: evidence.eraser,
    holds,
    rules: () => [{ name: 'default', minDays: 0, maxDays: null }],
    openProofs: () => openProofDesk(evidence.log),
  })
  const faults: unknown[] = []
  const jobs = createErasureJobs({
    table: store.control.erasureJobs,
    clock,
    erasures,
    searcher: {
      digest: (value) => createHash('sha256').update(value).digest('hex').slice(0, 16),
      run: (order, tell, failed) => {
        let isCancelled = false
        let isStopped = false
        const readAnswer: typeof recordedAnswer = async (exchange) => {
          await gate.pass()
          return recordedAnswer(exchange)
        }
        const parts = { ...reading, readAnswer, isCancelled: () => isCancelled || isStopped }
        const ended = searchRecord(
          { ...parts, tell: (news) => (isStopped ? undefined : tell(news)) },
          order,
        ).then(() => (isStopped ? undefined : failed()), failed)
        return {
          cancel: () => {
            isCancelled = true
          },
          stop: async () => {
            isStopped = true
            gate.open()
            await ended
          },
        }
      },
    },
    onFault: (error) => faults.push(error),
  })
  const begin = (more: object = {}): Promise<SeenErasureJob> =>
    jobs.begin({
      value: VALUE,
      reason,
      by: ada,
      despiteMinimum: false,
      dryRun: false,
      after: null,
      ...more,
    })
  const ended = async (id: string): Promise<SeenErasureJob> => {
    const isOver = async (): Promise<boolean> => {
      const { state } = await jobs.read(id)
      return state !== 'searching' && state !== 'erasing'
    }
    await until(isOver)
    return jobs.read(id)
  }
  return { holds, erasures, jobs, begin, ended, faults }
}

const say = (opened: TestEvidence, text: string): Promise<Recorded> =>
  recordChat(opened.evidence, [{ role: 'user', text }])

async function isThere(opened: TestEvidence, { id }: Recorded): Promise<boolean> {
  return (await opened.store.index.exchange(id)) !== null
}

const isConflict = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === 'api.conflict'

test('a text is found in prompts, also compressed ones, and in what is told about them; what cannot be read is said', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { evidence, store } = opened
  const parts = { reader: evidence.reader, readAnswer: recordedAnswer, decode: decodedBody }
  const search = createValueSearch(parts, VALUE)
  const isIn = async (id: string): Promise<boolean | null> => {
    await evidence.flush()
    return search.isIn((await store.index.list({ limit: 99 })).find((row) => row.id === id)!)
  }
  assert.equal(await isIn((await say(opened, `call ${VALUE} today`)).id), true)
  assert.equal(await isIn((await say(opened, 'call Zoe "Z" of 4 Quince Lane')).id), false)
  const named = await recordChat(evidence, [{ role: 'user', text: 'hi' }], { model: VALUE })
  assert.equal(await isIn(named.id), true)
  const zipped = gzipSync(JSON.stringify({ input: `call ${VALUE} today` }))
  const { received } = openingFacts()
  for (const [encoding, expected] of [
    ['gzip', true],
    ['of-our-own', null],
  ] as const) {
    const headers = [...received.headers, ['content-encoding', encoding] as const]
    const facts = openingFacts({ received: { ...received, headers } })
    const recording = await evidence.recorder.open({ facts, body: wholeBody(zipped) })
    await recording.close(closingFacts())
    assert.equal(await isIn(facts.id), expected, encoding)
  }
})

test('a value goes with every exchange that holds it, receipts prove it, and the value is written nowhere', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const gate = new Gate()
  const keeper = keeperOf(opened, gate)
  const holding = []
  for (let n = 0; n < 3; n += 1) holding.push(await say(opened, `${VALUE}, letter ${n}`))
  const other = await say(opened, 'nothing of the sort')
  await opened.evidence.flush()
  const dry = await keeper.ended((await keeper.begin({ dryRun: true })).row.id)
  assert.deepEqual([dry.state, dry.row.found.length, dry.row.erased], ['done', 3, 0])
  assert.ok(await isThere(opened, holding[0]!))
  const after = dry.row.id
  await assert.rejects(keeper.begin({ after, value: 'another value' }), isConflict)
  gate.stopAfter(0)
  // What the dry run read is not read again: nothing passes the gate, nor has to.
  const { row, state } = await keeper.ended((await keeper.begin({ after })).row.id)
  assert.deepEqual([gate.waiting, state, row.erased, row.searched, row.total], [0, 'done', 3, 4, 4])
  await assert.rejects(keeper.begin({ after: row.id }), isConflict)
  assert.deepEqual([row.found, row.refused, row.unreadable], [[], 0, 0])
  for (const one of holding) assert.ok(!(await isThere(opened, one)))
  assert.ok(await isThere(opened, other))
  await opened.evidence.flush()
  const receipts = await Promise.all(row.erasures.map((id) => keeper.erasures.receipt(id)))
  assert.deepEqual(
    receipts
      .flat()
      .flatMap(({ exchanges }) => exchanges)
      .toSorted(),
    holding.map(({ id }) => id).toSorted(),
  )
  assertNowhere(folder.path, [VALUE, 'Quince Lane'])
  assert.deepEqual(keeper.faults, [])
})

test('one hold refuses all of it with its reason; released, the same erasure goes on, and takes what came since', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const keeper = keeperOf(opened)
  const held = await say(opened, `${VALUE}, for the court`)
  const free = await say(opened, `${VALUE}, for nobody`)
  await opened.evidence.flush()
  const scope = { kind: 'exchange', exchange: held.id } as const
  const hold = await keeper.holds.set(scope, 'case 7 needs it', bob)
  const refused = await keeper.ended((await keeper.begin()).row.id)
  assert.equal(refused.state, 'refused')
  assert.deepEqual(
    refused.row.refusals.map(({ exchange, why }) => [exchange, why]),
    [[held.id, 'held']],
  )
  assert.match(refused.row.refusals[0]!.detail, /case 7 needs it/)
  assert.ok((await isThere(opened, held)) && (await isThere(opened, free)))
  const since = await say(opened, `${VALUE}, again`)
  await opened.evidence.flush()
  await assert.rejects(keeper.jobs.resume(refused.row.id, 'another value'), isConflict)
  assert.equal(await keeper.holds.release(hold.id, 'case 7 is over', ada), 'released')
  await keeper.jobs.resume(refused.row.id, VALUE)
  const done = await keeper.ended(refused.row.id)
  assert.deepEqual([done.state, done.row.erased, done.row.refusals], ['done', 3, []])
  for (const one of [held, free, since]) assert.ok(!(await isThere(opened, one)))
  await assert.rejects(keeper.jobs.resume(done.row.id, VALUE), isConflict)
})

test('what is held while the rest is being erased stays, and is named', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const keeper = keeperOf(opened)
  const late = await say(opened, `${VALUE}, for the court`)
  const free = await say(opened, `${VALUE}, for nobody`)
  await opened.evidence.flush()
  const order = { request: 'ej_1', rule: 'value', reason, by: ada, despiteMinimum: false } as const
  const scope = { kind: 'exchange', exchange: late.id } as const
  await keeper.holds.set(scope, 'case 7 needs it', bob)
  const done = await keeper.erasures.eraseSome([late.id, free.id], order)
  assert.deepEqual(done.receipt?.exchanges, [free.id])
  assert.deepEqual(
    done.refusals.map(({ exchange, why }) => [exchange, why]),
    [[late.id, 'held']],
  )
  assert.ok(await isThere(opened, late))
})

test('cancelled in the middle nothing is erased, and it goes on where it was; one at a time', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const gate = new Gate()
  const keeper = keeperOf(opened, gate)
  const all = []
  for (let n = 0; n < 6; n += 1) all.push(await say(opened, `${n} ${n % 2 === 0 ? VALUE : ''}`))
  await opened.evidence.flush()
  gate.stopAfter(3)
  const { id } = (await keeper.begin()).row
  await until(() => gate.waiting === 1)
  await assert.rejects(keeper.begin(), isConflict)
  await keeper.jobs.cancel(id)
  gate.open()
  const cancelled = await keeper.ended(id)
  assert.equal(cancelled.state, 'cancelled')
  assert.ok(cancelled.row.searched >= 3 && cancelled.row.searched < 6)
  for (const one of all) assert.ok(await isThere(opened, one))
  await keeper.jobs.resume(id, VALUE)
  const { row, state } = await keeper.ended(id)
  assert.deepEqual([state, row.erased, row.searched], ['done', 3, 6])
  await assert.rejects(keeper.jobs.read('ej_nothing'), GatewayError)
})

test('one that its gateway left in the middle is interrupted, and another gateway finishes it', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const gate = new Gate()
  const first = keeperOf(opened, gate)
  for (let n = 0; n < 4; n += 1) await say(opened, `${VALUE} ${n}`)
  await opened.evidence.flush()
  gate.stopAfter(2)
  const { id } = (await first.begin()).row
  await until(() => gate.waiting === 1)
  await first.jobs[Symbol.asyncDispose]()
  const soon = keeperOf(opened)
  assert.equal((await soon.jobs.read(id)).state, 'searching')
  const later = keeperOf(opened, new Gate(), 60_000)
  assert.equal((await later.jobs.read(id)).state, 'interrupted')
  await later.jobs.resume(id, VALUE)
  const { row, state } = await later.ended(id)
  assert.deepEqual([state, row.erased, row.found], ['done', 4, []])
  assert.deepEqual(first.faults, [])
})

test('an exchange that has not ended is waited for: what it is answered may hold the value', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path)
  const { evidence } = opened
  const keeper = keeperOf(opened)
  const { bytes, spans } = chatBody([{ role: 'user', text: 'who lives there?' }])
  const facts = openingFacts()
  const recording = await evidence.recorder.open({ facts, body: wholeBody(bytes, spans) })
  const behind = await say(opened, 'something else')
  await evidence.flush()
  const { id } = (await keeper.begin()).row
  await until(async () => (await keeper.jobs.read(id)).row.searched === 2)
  const waiting = await keeper.jobs.read(id)
  assert.deepEqual([waiting.state, waiting.row.place], ['searching', ''])
  recording.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
  recording.answerChunk(Buffer.from(VALUE), performance.now())
  await recording.close(closingFacts({ answerBytes: Buffer.byteLength(VALUE) }))
  await evidence.flush()
  const { row, state } = await keeper.ended(id)
  assert.deepEqual([state, row.erased], ['done', 1])
  assert.equal(await opened.store.index.exchange(facts.id), null)
  assert.ok(await isThere(opened, behind))
})
