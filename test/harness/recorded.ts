/** Records whole exchanges into open evidence, as the gateway would. */
import type { ExchangeId } from '../../src/lib/ids.ts'
import type { ClosingFacts, HeaderList, OpeningFacts } from '../../src/model/record.ts'
import type { RecordedBody } from '../../src/model/recorder.ts'
import { chatBody, closingFacts, openingFacts, wholeBody, type TestEvidence } from './evidence.ts'

export interface ExchangeSpec {
  readonly facts?: Partial<OpeningFacts>
  readonly body?: RecordedBody
  readonly answerHeaders?: HeaderList
  readonly answer?: readonly (Buffer | string)[]
  /** Milliseconds between two chunks of the answer, as the record will say. */
  readonly gapMs?: number
  /** Null leaves the exchange open. */
  readonly closing?: Partial<ClosingFacts> | null
}

export const SSE: HeaderList = [['content-type', 'text/event-stream']]

/** Events of an OpenAI chat stream, one for each delta. */
export function chatEvents(...deltas: readonly object[]): string[] {
  return deltas.map(
    (delta) => `data: ${JSON.stringify({ id: 'r1', choices: [{ index: 0, delta }] })}\n\n`,
  )
}

export async function record(to: TestEvidence, spec: ExchangeSpec = {}): Promise<ExchangeId> {
  const { bytes, spans } = chatBody([
    { role: 'system', text: 'Be brief.' },
    { role: 'user', text: 'Hello?' },
  ])
  const facts = openingFacts(spec.facts)
  const body = spec.body ?? wholeBody(bytes, spans)
  const recording = await to.evidence.recorder.open({ facts, body })
  const startMs = performance.now()
  recording.answerHead({ status: 200, headers: spec.answerHeaders ?? SSE }, 'upstream', startMs)
  let answerBytes = 0
  for (const [at, piece] of (spec.answer ?? chatEvents({ content: 'Hi.' })).entries()) {
    const chunk = Buffer.from(piece)
    answerBytes += chunk.length
    recording.answerChunk(chunk, startMs + at * (spec.gapMs ?? 1))
  }
  if (spec.closing === null) await recording.durable()
  else await recording.close(closingFacts({ answerBytes, ...spec.closing }))
  await to.evidence.flush()
  return facts.id
}
