/** Asks an external analyzer over HTTP: Presidio's `POST /analyze`, many texts in one question. */
import { Agent, request } from 'undici'
import { z } from 'zod'
import { codePointOffsets } from './code-points.ts'
import type { AnalyzedSpan, Analyzer } from './analyzer.ts'

const CONNECTIONS_MAX = 16
const ANSWER_MAX = 8 * 1024 * 1024

const answerSchema = z.array(
  z.array(
    z.object({
      entity_type: z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/),
      start: z.int().min(0),
      end: z.int().min(0),
      score: z.number().min(0).max(1),
    }),
  ),
)

export function createPresidioClient(): Analyzer {
  const agent = new Agent({
    connections: CONNECTIONS_MAX,
    pipelining: 1,
    maxResponseSize: ANSWER_MAX,
  })
  return {
    analyze: async (texts, plan, signal) => {
      const { statusCode, body } = await request(`${plan.url.replace(/\/$/, '')}/analyze`, {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        signal,
        body: JSON.stringify({
          text: texts,
          language: plan.language,
          score_threshold: plan.threshold,
          ...(plan.entities.length === 0 ? {} : { entities: plan.entities }),
        }),
      })
      if (statusCode !== 200) {
        await body.dump()
        throw new Error(`the analyzer answered ${statusCode}`)
      }
      const answer = answerSchema.parse(await body.json())
      if (answer.length !== texts.length)
        throw new Error('the analyzer answered another number of texts')
      return answer.map((found, index) => spansOf(texts[index] ?? '', found))
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

/** Threat: wrong offsets would mask the wrong words and show the right ones. */
function spansOf(
  text: string,
  found: z.output<typeof answerSchema>[number],
): readonly AnalyzedSpan[] {
  const unitAt = codePointOffsets(text)
  return found.map(({ entity_type: entity, start, end, score }) => {
    const [from, to] = [unitAt(start), unitAt(end)]
    if (from === null || to === null || from >= to)
      throw new Error('the analyzer answered offsets outside of the text')
    return { start: from, end: to, entity: entity.toUpperCase(), score }
  })
}
