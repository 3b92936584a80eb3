import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { faultyDisk } from './harness/faulty-disk.ts'
import type { DiskCall, Fault } from './harness/faulty-disk.ts'
import { startGateway } from './harness/gateway.ts'
import type { TestGateway } from './harness/gateway.ts'
import { until, untilSeen } from './harness/until.ts'

/** Only for a disk that hangs: any other may be slow. */
const HASTY = 'recording: { deadlineMs: 1s }\n'

interface Seen {
  readonly id: string | null
  readonly status: number
  readonly bytes: Buffer
  /** True when the caller held the whole answer. */
  readonly whole: boolean
}

/** Sends one prompt and keeps whatever arrives, also of an answer that is cut. */
async function ask(gateway: TestGateway, stream: boolean, text: string): Promise<Seen> {
  const answer = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.key}`,
      'content-type': 'application/json',
      'x-sandbox-script': JSON.stringify(stream ? { events: 12, intervalMs: 8 } : {}),
    },
    body: JSON.stringify({ model: 'echo', stream, messages: [{ role: 'user', content: text }] }),
  })
  const id = answer.headers.get('x-custody-exchange')
  const chunks: Uint8Array[] = []
  let whole = true
  try {
    for await (const chunk of answer.body ?? []) chunks.push(chunk)
  } catch {
    whole = false
  }
  return { id, status: answer.status, bytes: Buffer.concat(chunks), whole }
}

async function untilReady(gateway: TestGateway): Promise<void> {
  await until(
    async () => (await fetch(`${gateway.adminUrl}/readyz`)).status === 200,
    () => 'the gateway did not become ready again',
  )
}

/** Bytes of the provider that a caller saw must be in the record; a whole answer must be a complete record. */
async function checkSeen(gateway: TestGateway, seen: readonly Seen[]): Promise<void> {
  for (const { id, status, bytes, whole } of seen) {
    if (status !== 200) continue
    const recorded = await gateway.recorded(id)
    assert.deepEqual(recorded.problems, [])
    const answer = Buffer.concat(recorded.answerChunks.map((chunk) => chunk.bytes))
    const fromProvider = withoutOwnError(bytes)
    assert.equal(
      answer.subarray(0, fromProvider.length).equals(fromProvider),
      true,
      'released bytes are missing from the record',
    )
    const isDone = bytes.includes('[DONE]') || (whole && !bytes.includes('custody_'))
    if (isDone) assert.equal(recorded.row.state, 'complete')
  }
}

/** The gateway's own last event says that recording failed; it is not the provider's. */
function withoutOwnError(bytes: Buffer): Buffer {
  const at = bytes.indexOf('data: {"error":{"message"')
  return at === -1 ? bytes : bytes.subarray(0, at)
}

const isEvidenceWrite = ({ name, path }: DiskCall): boolean =>
  path.includes('segments') && (name === 'write' || name === 'fdatasync')

for (const fault of ['EIO', 'ENOSPC', 'torn', 'hang'] as const satisfies readonly Fault[]) {
  test(`no byte that a caller saw is missing from the record when the disk answers ${fault} at any write`, async () => {
    for (const skip of fault === 'hang' ? [0, 2, 5] : [0, 1, 2, 3, 5, 8]) {
      const faulty = faultyDisk()
      const yaml = fault === 'hang' ? HASTY : ''
      await using gateway = await startGateway({ disk: faulty.disk, yaml })
      using _healed = faulty
      let writes = 0
      let failures = 0
      faulty.decide = (call) => {
        if (!isEvidenceWrite(call)) return null
        writes += 1
        if (writes <= skip || failures >= 2) return null
        failures += 1
        return fault
      }
      const seen = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          ask(gateway, at % 2 === 0, `prompt ${at} of round ${skip}`),
        ),
      )
      faulty.decide = () => null
      faulty.release()
      await untilReady(gateway)
      await checkSeen(gateway, seen)
      await until(async () => (await ask(gateway, false, 'after')).status === 200)
    }
  })
}

test('while the disk stays broken nothing is forwarded and callers are told in their dialect', async () => {
  const faulty = faultyDisk()
  await using gateway = await startGateway({ disk: faulty.disk })
  assert.equal((await ask(gateway, false, 'before')).status, 200)
  faulty.decide = (call) =>
    call.path.includes('segments') && call.name !== 'read' && call.name !== 'openRead'
      ? 'EIO'
      : null
  await ask(gateway, false, 'the one that notices')
  gateway.sandbox.clear()
  const openai = await ask(gateway, true, 'refused')
  assert.equal(openai.status, 503)
  assert.match(openai.bytes.toString(), /"code":"evidence\.unavailable"/)
  const anthropic = await fetch(`${gateway.url}/anthropic/v1/messages`, {
    method: 'POST',
    headers: {
      'x-api-key': gateway.key,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
    },
    body: JSON.stringify({
      model: 'echo',
      max_tokens: 10,
      messages: [{ role: 'user', content: 'hi' }],
    }),
  })
  assert.equal(anthropic.status, 503)
  assert.match(await anthropic.text(), /"error_code":"evidence\.unavailable"/)
  assert.equal(anthropic.headers.get('retry-after'), '1')
  assert.equal(gateway.sandbox.received().length, 0)
  assert.equal((await fetch(`${gateway.adminUrl}/readyz`)).status, 503)
  faulty.decide = () => null
  await untilReady(gateway)
  assert.equal((await ask(gateway, true, 'served again')).status, 200)
})

test('a best-effort route goes on through the outage and the gap becomes a record', async () => {
  const faulty = faultyDisk()
  await using gateway = await startGateway({
    disk: faulty.disk,
    yaml: 'recording: { mode: best-effort }\n',
  })
  assert.equal((await ask(gateway, false, 'before')).status, 200)
  faulty.decide = (call) =>
    call.path.includes('segments') && call.name !== 'read' && call.name !== 'openRead'
      ? 'ENOSPC'
      : null
  await ask(gateway, false, 'the one that notices')
  const during = await ask(gateway, true, 'during the outage')
  assert.equal(during.status, 200)
  assert.match(during.bytes.toString(), /\[DONE\]/)
  faulty.decide = () => null
  await untilReady(gateway)
  const gapNow = async () => {
    await gateway.app.evidence.flush()
    const events = await gateway.app.index.events(100)
    return events.find(({ event }) => event.type === 'recording.gap')
  }
  const gap = await untilSeen(gapNow, (one) => one !== undefined)
  assert.ok(Number(gap?.event.details['exchanges']) >= 1)
})

test('in strict-chunks mode every byte a caller saw was durable before it was released', async () => {
  const faulty = faultyDisk()
  await using gateway = await startGateway({
    disk: faulty.disk,
    yaml: 'recording: { mode: strict-chunks, deadlineMs: 1s }\n',
  })
  using _healed = faulty
  let broken = false
  faulty.decide = (call) => (broken && isEvidenceWrite(call) ? 'hang' : null)
  const asking = ask(gateway, true, 'a text that takes a while to stream to its end')
  await sleep(60)
  broken = true
  const seen = await asking
  broken = false
  faulty.release()
  await untilReady(gateway)
  await checkSeen(gateway, [seen])
})
