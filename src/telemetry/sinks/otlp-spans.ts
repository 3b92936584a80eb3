/** Exchanges as OpenTelemetry spans (OTLP/HTTP, JSON) with the attributes of generative AI; content is in none. */
import { createHash } from 'node:crypto'
import type { ExchangeRow } from '../../model/record.ts'
import { jsonLine } from './formats.ts'
import { attributes, exchangeAttributes } from './otlp.ts'
import type { SinkEvent } from './sink-event.ts'

const CLIENT = 3
const STATUS = { unset: 0, ok: 1, error: 2 } as const

/** Null where no exchange ended: other events are log records only. */
export function otlpSpans(events: readonly SinkEvent[], version: string): string | null {
  const spans = events.flatMap(({ type, exchange }) =>
    exchange !== null && (type === 'exchange.closed' || type === 'exchange.refused')
      ? [spanOf(exchange)]
      : [],
  )
  if (spans.length === 0) return null
  return jsonLine({
    resourceSpans: [
      {
        resource: {
          attributes: attributes({ 'service.name': 'custody', 'service.version': version }),
        },
        scopeSpans: [{ scope: { name: 'custody', version }, spans }],
      },
    ],
  })
}

function spanOf(row: ExchangeRow): object {
  const operation = OPERATIONS.find(([part]) => row.surface.includes(part))?.[1] ?? 'chat'
  return {
    // A conversation is a trace; the ids are the same whenever they are made.
    traceId: digits(`trace ${row.conversation ?? row.id}`, 32),
    spanId: digits(`span ${row.id}`, 16),
    name: row.model === null ? operation : `${operation} ${row.model}`,
    kind: CLIENT,
    startTimeUnixNano: nanos(row.receivedAtMs),
    endTimeUnixNano: nanos(row.endedAtMs ?? row.receivedAtMs),
    attributes: attributes({
      'gen_ai.operation.name': operation,
      'gen_ai.request.stream': row.stream,
      ...(row.firstByteMs === null
        ? {}
        : { 'gen_ai.response.time_to_first_chunk': row.firstByteMs / 1000 }),
      ...exchangeAttributes(row),
    }),
    status:
      row.outcome === 'answered' && row.errorCode === null
        ? { code: STATUS.unset }
        : { code: STATUS.error, message: row.errorCode ?? row.outcome ?? '' },
  }
}

const OPERATIONS = [
  ['embedding', 'embeddings'],
  ['completions-legacy', 'text_completion'],
  ['generate', 'generate_content'],
] as const

const nanos = (ms: number): string => `${Math.round(ms)}000000`

function digits(text: string, count: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, count)
}
