/** Records conversations that share blocks, erases some of it, and searches every byte of a folder for what must be gone. */
import assert from 'node:assert/strict'
import type { ErasureOrder, ErasureOutcome } from '../../src/evidence/erasure/eraser.ts'
import { nodeDisk } from '../../src/evidence/disk.ts'
import type { Evidence } from '../../src/evidence/open-evidence.ts'
import { scanSegments } from '../../src/evidence/segment-scan.ts'
import type { ExchangeId } from '../../src/lib/ids.ts'
import type { OpeningFacts } from '../../src/model/record.ts'
import { chatBody, closingFacts, openingFacts, wholeBody, type Message } from './evidence.ts'
import { contentOf, filesBelow } from './stored-bytes.ts'

export interface Recorded {
  readonly id: ExchangeId
  readonly body: Buffer
  readonly answer: Buffer
}

export async function recordChat(
  evidence: Evidence,
  messages: readonly Message[],
  changes: Partial<OpeningFacts> = {},
): Promise<Recorded> {
  const { bytes, spans } = chatBody(messages)
  const facts = openingFacts(changes)
  const recording = await evidence.recorder.open({ facts, body: wholeBody(bytes, spans) })
  const answer = Buffer.from(`answer to ${messages.at(-1)?.text.slice(0, 40)} of ${facts.id}`)
  recording.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
  recording.answerChunk(Buffer.from(answer.subarray(0, 10)), performance.now())
  await recording.durable()
  recording.answerChunk(Buffer.from(answer.subarray(10)), performance.now())
  await recording.close(closingFacts({ answerBytes: answer.length }))
  return { id: facts.id, body: bytes, answer }
}

export const freely: Omit<ErasureOrder, 'exchanges'> = {
  cause: 'request',
  rule: 'exchange',
  actor: 'ada@example.test',
  reason: 'asked for',
  guard: async () => [],
}

export function eraseNow(
  evidence: Evidence,
  exchanges: readonly ExchangeId[],
): Promise<ErasureOutcome> {
  return evidence.eraser.erase({ ...freely, exchanges })
}

export async function readsExactly(evidence: Evidence, recorded: Recorded): Promise<void> {
  const found = await evidence.reader.readExchange(recorded.id)
  assert.ok(found !== null, `${recorded.id} is gone`)
  assert.deepEqual(found.problems, [])
  assert.deepEqual(found.requestBody, recorded.body)
  assert.deepEqual(Buffer.concat(found.answerChunks.map(({ bytes }) => bytes)), recorded.answer)
}

/** Wrapped key and ciphertext of every live frame of these records, by where they lie. */
export async function secretsOf(
  folder: string,
  isOf: (record: string) => boolean,
  types: readonly string[] | null = null,
): Promise<readonly Buffer[]> {
  const secrets: Buffer[] = []
  for await (const found of scanSegments(nodeDisk, folder)) {
    if (found.kind !== 'frame' || found.head.erased || !isOf(found.head.record)) continue
    if (types !== null && !types.includes(found.head.type)) continue
    secrets.push(Buffer.from(found.bytes.subarray(84, 116)))
    secrets.push(Buffer.from(found.bytes.subarray(116, 116 + 24)))
  }
  return secrets
}

/** Every byte of every file, databases and their logs included. */
export function assertNowhere(folder: string, needles: readonly (Buffer | string)[]): void {
  for (const path of filesBelow(folder)) {
    const bytes = contentOf(path)
    for (const needle of needles) {
      assert.equal(bytes.indexOf(needle), -1, `${path} still holds ${String(needle).slice(0, 40)}`)
    }
  }
}
