/** Events as OpenTelemetry log records (OTLP/HTTP, JSON) with the attributes of generative AI; content is in none. */
import type { ExchangeRow } from '../../model/record.ts'
import { jsonLine } from './formats.ts'
import { providerName } from './provider-name.ts'
import type { SinkEvent, SinkSeverity } from './sink-event.ts'

const SEVERITY: Readonly<Record<SinkSeverity, readonly [number: number, text: string]>> = {
  info: [9, 'INFO'],
  low: [10, 'INFO2'],
  medium: [13, 'WARN'],
  high: [17, 'ERROR'],
}

type Value = string | number | boolean | null | readonly string[]

export function otlpLogs(events: readonly SinkEvent[], version: string): string {
  return jsonLine({
    resourceLogs: [
      {
        resource: {
          attributes: attributes({ 'service.name': 'custody', 'service.version': version }),
        },
        scopeLogs: [{ scope: { name: 'custody', version }, logRecords: events.map(recordOf) }],
      },
    ],
  })
}

function recordOf({ id, type, atMs, severity, exchange, event }: SinkEvent): object {
  const [severityNumber, severityText] = SEVERITY[severity]
  const own: Record<string, Value> =
    exchange === null
      ? {
          'user.id': event?.actor ?? '',
          ...Object.fromEntries(
            Object.entries(event?.details ?? {}).map(([name, value]) => [`custody.${name}`, value]),
          ),
        }
      : exchangeAttributes(exchange)
  return {
    timeUnixNano: `${Math.round(atMs)}000000`,
    severityNumber,
    severityText,
    eventName: `custody.${type}`,
    body: { stringValue: type },
    attributes: attributes({ 'log.record.uid': id, ...own }),
  }
}

export function exchangeAttributes(row: ExchangeRow): Record<string, Value> {
  return {
    'gen_ai.provider.name': providerName(row),
    'gen_ai.request.model': row.model,
    'gen_ai.response.id': row.responseId,
    'gen_ai.response.finish_reasons': row.finishReason === null ? [] : [row.finishReason],
    'gen_ai.usage.input_tokens': row.inputTokens,
    'gen_ai.usage.output_tokens': row.outputTokens,
    'gen_ai.conversation.id': row.conversation,
    'user.id': row.principal,
    'client.address': row.remoteAddress,
    'user_agent.original': row.userAgent,
    'http.request.method': row.method,
    'url.path': row.path,
    'http.response.status_code': row.status,
    'error.type': row.errorCode,
    'custody.exchange.id': row.id,
    'custody.exchange.state': row.state,
    'custody.exchange.outcome': row.outcome,
    'custody.upstream': row.upstream,
    'custody.surface': row.surface,
    'custody.service': row.service,
    'custody.key.id': row.keyId,
    'custody.verdict': row.verdict,
    'custody.policy.rules': row.policyRules,
    'custody.finding.entities': row.entities,
    'custody.finding.fingerprints': row.fingerprints,
    'custody.duration_ms': row.durationMs,
  }
}

/** What is not known is left out. */
export function attributes(values: Readonly<Record<string, Value>>): readonly object[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === null || value === '' || (Array.isArray(value) && value.length === 0)
      ? []
      : [{ key, value: anyValue(value) }],
  )
}

function anyValue(value: Exclude<Value, null>): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') {
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  }
  return { arrayValue: { values: value.map((text) => ({ stringValue: text })) } }
}
