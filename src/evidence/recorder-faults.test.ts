import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  chatBody,
  closingFacts,
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
  type TestEvidence,
} from '../../test/harness/evidence.ts'
import { faultyDisk, type Fault, type FaultyDisk } from '../../test/harness/faulty-disk.ts'
import type { ExchangeId } from '../lib/ids.ts'
import { GatewayError } from '../model/errors.ts'
import type { RecordingMode } from '../model/upstream.ts'
import { until } from '../../test/harness/until.ts'

const LIMITS = { diskDeadlineMs: 10_000, openDeadlineMs: 10_000, probeMs: 20, streamCommitMs: 5 }

/** Only a hanging call needs a short deadline; elsewhere a busy machine must not look like a broken disk. */
function limitsFor(fault: Fault): typeof LIMITS {
  return {
    ...LIMITS,
    diskDeadlineMs: fault === 'hang' ? 800 : 10_000,
    openDeadlineMs: fault === 'hang' ? 10_000 : 20_000,
  }
}

interface Outcome {
  readonly id: ExchangeId
  readonly answer: string
  /** What the recorder promised. */
  opened: boolean
  /** Chunks whose durability was acknowledged. */
  durable: number
  closed: boolean
}

async function kept(promise: Promise<void>): Promise<boolean> {
  try {
    await promise
    return true
  } catch (error) {
    assert.equal(error instanceof GatewayError && error.code, 'evidence.failed')
    return false
  }
}

/** One exchange as the gateway would drive it, keeping what was acknowledged. */
async function drive(
  opened: TestEvidence,
  n: number,
  mode: RecordingMode = 'strict',
): Promise<Outcome> {
  const facts = openingFacts({ mode })
  const outcome: Outcome = { id: facts.id, answer: '', opened: false, durable: 0, closed: false }
  const { bytes, spans } = chatBody([
    { role: 'system', text: 'You are a test.' },
    { role: 'user', text: `question ${n}` },
  ])
  let answer = ''
  try {
    const recording = await opened.evidence.recorder.open({ facts, body: wholeBody(bytes, spans) })
    if (recording.gap) return outcome
    outcome.opened = true
    const nowMs = performance.now()
    recording.answerHead({ status: 200, headers: [] }, 'upstream', nowMs)
    for (let i = 0; i < 3; i += 1) {
      const chunk = `answer ${n} piece ${i};`
      recording.answerChunk(Buffer.from(chunk), nowMs + i)
      answer += chunk
      if (await kept(recording.durable())) outcome.durable = answer.length
    }
    outcome.closed = await kept(recording.close(closingFacts({ answerBytes: answer.length })))
  } catch (error) {
    assert.equal(error instanceof GatewayError && error.code, 'evidence.unavailable')
  }
  return { ...outcome, answer }
}

/** Nothing acknowledged is lost, nothing unacknowledged is complete, and every record verifies. */
async function checkPromises(opened: TestEvidence, outcomes: readonly Outcome[]): Promise<void> {
  for (const outcome of outcomes) {
    const found = await opened.evidence.reader.readExchange(outcome.id)
    if (outcome.opened) assert.ok(found, 'an opened exchange is missing')
    if (found === null) continue
    assert.deepEqual(found.problems, [])
    const answer = found.answerChunks.map((chunk) => chunk.bytes.toString()).join('')
    assert.equal(answer, outcome.answer.slice(0, answer.length))
    assert.ok(answer.length >= outcome.durable, 'durable bytes are missing')
    if (outcome.closed) assert.equal(found.row.state, 'complete')
    else assert.notEqual(found.row.state, 'complete')
    if (outcome.closed) assert.equal(answer, outcome.answer)
  }
}

async function untilReady(opened: TestEvidence): Promise<void> {
  const { recorder } = opened.evidence
  await until(
    () => recorder.health().ready,
    () => `not ready: ${recorder.health().reason}`,
  )
}

const isSegment = (path: string): boolean => path.endsWith('.seg')

async function countCalls(): Promise<readonly string[]> {
  await using folder = await temporaryFolder()
  const faulty = faultyDisk()
  await using opened = await openTestEvidence(folder.path, { disk: faulty.disk, limits: LIMITS })
  using _healed = faulty
  const before = faulty.calls.length
  await drive(opened, 0)
  return faulty.calls
    .slice(before)
    .filter((call) => isSegment(call.path))
    .map((call) => call.name)
}

/** Fails the segment calls numbered `from` to `to` after the start, then heals. */
function plan(faulty: FaultyDisk, fault: Fault, from: number, to: number): void {
  let seen = 0
  faulty.decide = (call) => {
    if (!isSegment(call.path) && call.name !== 'syncFolder') return null
    seen += 1
    return seen >= from && seen <= to ? fault : null
  }
}

for (const fault of ['EIO', 'ENOSPC', 'torn', 'hang'] as const) {
  test(`a single ${fault} at any file call of an exchange loses nothing that was acknowledged`, async () => {
    const calls = await countCalls()
    assert.ok(calls.includes('fdatasync') && calls.includes('write'))
    for (let at = 1; at <= calls.length + 2; at += 1) {
      await using folder = await temporaryFolder()
      const faulty = faultyDisk()
      await using opened = await openTestEvidence(folder.path, {
        disk: faulty.disk,
        limits: limitsFor(fault),
      })
      using _healed = faulty
      plan(faulty, fault, at, at)
      const outcomes = [await drive(opened, 1), await drive(opened, 2)]
      // One failing file is replaced by the next: the traffic does not notice.
      assert.deepEqual(
        outcomes.map((outcome) => outcome.closed),
        [true, true],
        `fault at call ${at}`,
      )
      faulty.decide = () => null
      faulty.release()
      await untilReady(opened)
      await opened.evidence.flush()
      await checkPromises(opened, outcomes)
    }
  })

  test(`a lasting ${fault} stops the traffic, and everything handed over is written when it ends`, async () => {
    const calls = await countCalls()
    for (let at = 1; at <= calls.length; at += 1) {
      await using folder = await temporaryFolder()
      const faulty = faultyDisk()
      await using opened = await openTestEvidence(folder.path, {
        disk: faulty.disk,
        limits: { ...limitsFor(fault), openDeadlineMs: 600 },
      })
      using _healed = faulty
      plan(faulty, fault, at, Number.POSITIVE_INFINITY)
      const first = await drive(opened, 1)
      const second = await drive(opened, 2)
      assert.equal(second.opened, false)
      assert.equal(opened.evidence.recorder.health().ready, false)
      faulty.decide = () => null
      faulty.release()
      await untilReady(opened)
      const third = await drive(opened, 3)
      assert.equal(third.closed, true)
      await opened.evidence.flush()
      await checkPromises(opened, [first, second, third])
      const found = await opened.evidence.reader.readExchange(first.id)
      if (first.opened) assert.equal(found?.row.state, first.closed ? 'complete' : 'interrupted')
    }
  })
}

test('a strict recording is told once when it can no longer be kept', async () => {
  await using folder = await temporaryFolder()
  const faulty = faultyDisk()
  await using opened = await openTestEvidence(folder.path, { disk: faulty.disk, limits: LIMITS })
  using _healed = faulty
  const { recorder } = opened.evidence
  const facts = openingFacts()
  const recording = await recorder.open({ facts, body: { kind: 'none' } })
  let failures = 0
  recording.onFailure(() => {
    failures += 1
  })
  plan(faulty, 'EIO', 1, Number.POSITIVE_INFINITY)
  recording.answerChunk(Buffer.from('before'), performance.now())
  await assert.rejects(recording.durable(), { code: 'evidence.failed' })
  assert.equal(failures, 1)
  recording.answerChunk(Buffer.from('after'), performance.now())
  await assert.rejects(recording.close(closingFacts({ answerBytes: 11 })), {
    code: 'evidence.failed',
  })
  assert.equal(failures, 1)
  faulty.decide = () => null
  await untilReady(opened)
  await opened.evidence.flush()
  const found = await opened.evidence.reader.readExchange(facts.id)
  assert.equal(found?.row.state, 'interrupted')
  assert.equal(found?.row.outcome, 'evidence-failed')
  assert.equal(
    Buffer.concat(found?.answerChunks.map((chunk) => chunk.bytes) ?? []).toString(),
    'beforeafter',
  )
})

test('a best-effort exchange goes on while the disk is away, and the gap becomes a record', async () => {
  await using folder = await temporaryFolder()
  const faulty = faultyDisk()
  await using opened = await openTestEvidence(folder.path, { disk: faulty.disk, limits: LIMITS })
  using _healed = faulty
  const { recorder } = opened.evidence
  const running = openingFacts({ mode: 'best-effort' })
  const recording = await recorder.open({ facts: running, body: { kind: 'none' } })
  plan(faulty, 'EIO', 1, Number.POSITIVE_INFINITY)
  recording.answerChunk(Buffer.from('one'), performance.now())
  await recording.durable()
  const missed = openingFacts({ mode: 'best-effort' })
  const gap = await recorder.open({ facts: missed, body: { kind: 'none' } })
  assert.equal(gap.gap, true)
  await gap.close(closingFacts())
  recording.answerChunk(Buffer.from('two'), performance.now())
  await recording.close(closingFacts({ answerBytes: 6 }))
  faulty.decide = () => null
  await untilReady(opened)
  await opened.evidence.flush()
  const found = await opened.evidence.reader.readExchange(running.id)
  assert.equal(found?.row.state, 'complete')
  assert.equal(
    Buffer.concat(found?.answerChunks.map((chunk) => chunk.bytes) ?? []).toString(),
    'onetwo',
  )
  const events = await opened.store.index.events(10)
  const gapEvent = events.find((row) => row.event.type === 'recording.gap')
  assert.equal(gapEvent?.event.details['exchanges'], 1)
  assert.equal(gapEvent?.event.details['ids'], missed.id)
})

test('low disk space makes the recorder unready before anything fails', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openTestEvidence(folder.path, {
    limits: { ...LIMITS, freeBytesMin: Number.MAX_SAFE_INTEGER },
  })
  const { recorder } = opened.evidence
  assert.match(recorder.health().reason, /bytes free/)
  assert.ok((recorder.health().freeBytes ?? 0) > 0)
  const opening = { facts: openingFacts(), body: { kind: 'none' } as const }
  await assert.rejects(recorder.open(opening), { code: 'evidence.unavailable' })
})

test('on a disk that is nearly full refusals leave their bodies out, later they are only counted, and the count is a record', async () => {
  await using folder = await temporaryFolder()
  const faulty = faultyDisk()
  let free = 1000
  const disk = { ...faulty.disk, freeBytes: () => Promise.resolve(free) }
  await using opened = await openTestEvidence(folder.path, {
    disk,
    limits: { ...LIMITS, freeBytesMin: 1000 },
  })
  const { recorder, reader } = opened.evidence
  const { bytes, spans } = chatBody([{ role: 'user', text: 'asked again and again' }])
  const refused = async (left: number): Promise<number | null> => {
    free = left
    await until(() => recorder.health().freeBytes === left)
    const facts = openingFacts()
    recorder.refuse(
      { facts, body: wholeBody(bytes, spans) },
      closingFacts({ state: 'refused', outcome: 'refused', status: 503 }),
    )
    await opened.evidence.flush()
    const found = await reader.readExchange(facts.id)
    return found === null ? null : found.row.requestBytes
  }
  assert.equal(await refused(1000), bytes.length)
  assert.equal(await refused(999), 0)
  assert.equal(await refused(500), 0)
  assert.equal(await refused(499), null)
  assert.equal(await refused(2000), bytes.length)
  await until(async () => {
    const events = await opened.store.index.events(10)
    return events.some(
      ({ event }) => event.type === 'recording.gap' && event.details['refusals'] === 1,
    )
  })
})

test('a refusal while the disk is away is written when it is back', async () => {
  await using folder = await temporaryFolder()
  const faulty = faultyDisk()
  await using opened = await openTestEvidence(folder.path, { disk: faulty.disk, limits: LIMITS })
  using _healed = faulty
  const { recorder } = opened.evidence
  plan(faulty, 'EIO', 1, Number.POSITIVE_INFINITY)
  const facts = openingFacts({ principal: null })
  recorder.refuse(
    { facts, body: { kind: 'none' } },
    closingFacts({
      state: 'refused',
      outcome: 'refused',
      errorCode: 'identity.missing',
      status: 401,
    }),
  )
  await sleep(30)
  faulty.decide = () => null
  await untilReady(opened)
  await opened.evidence.flush()
  const found = await opened.evidence.reader.readExchange(facts.id)
  assert.equal(found?.row.state, 'refused')
  assert.equal(found?.row.status, 401)
})
