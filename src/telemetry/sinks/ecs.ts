/** An event as a document of the Elastic Common Schema, with what it has no field for under `custody`. */
import { isIP } from 'node:net'
import { titleOf } from './cef.ts'
import { providerName } from './provider-name.ts'
import { shownExchange } from './sink-event.ts'
import type { SinkEvent, SinkSeverity } from './sink-event.ts'

const ECS_VERSION = '9.1.0'
const SEVERITY: Readonly<Record<SinkSeverity, number>> = { info: 21, low: 47, medium: 73, high: 99 }

export function ecsDocument(event: SinkEvent, version: string): object {
  const { id, type, atMs, severity, exchange } = event
  const isAlert = type === 'exchange.finding' || type === 'exchange.denied'
  const head = {
    '@timestamp': new Date(atMs).toISOString(),
    ecs: { version: ECS_VERSION },
    message: titleOf(event),
    observer: { vendor: 'Custody', product: 'Custody', type: 'gateway', version },
  }
  const about = {
    id,
    kind: isAlert ? 'alert' : 'event',
    dataset: `custody.${type.split('.', 1)[0] ?? ''}`,
    module: 'custody',
    action: type,
    severity: SEVERITY[severity],
  }
  if (exchange === null) {
    const { actor = '', details = {}, records = [] } = event.event ?? {}
    return {
      ...head,
      event: { ...about, category: ['configuration'], type: ['change'] },
      ...(actor === '' ? {} : { user: { id: actor } }),
      custody: { details, records },
    }
  }
  return {
    ...head,
    event: {
      ...about,
      category: isAlert ? ['intrusion_detection'] : ['api'],
      type: exchange.state === 'refused' ? ['denied'] : ['allowed'],
      outcome: exchange.outcome === 'answered' ? 'success' : 'failure',
      start: new Date(exchange.receivedAtMs).toISOString(),
      ...(exchange.endedAtMs === null ? {} : { end: new Date(exchange.endedAtMs).toISOString() }),
      ...(exchange.durationMs === null
        ? {}
        : { duration: Math.round(exchange.durationMs * 1_000_000) }),
      ...(exchange.errorCode === null ? {} : { reason: exchange.errorCode }),
    },
    ...(exchange.principal === '' ? {} : { user: { id: exchange.principal } }),
    source: {
      address: exchange.remoteAddress,
      ...(isIP(exchange.remoteAddress) === 0 ? {} : { ip: exchange.remoteAddress }),
    },
    ...(exchange.service === '' ? {} : { service: { name: exchange.service } }),
    user_agent: { original: exchange.userAgent },
    url: { path: exchange.path },
    http: {
      request: { method: exchange.method, body: { bytes: exchange.requestBytes } },
      response: {
        body: { bytes: exchange.answerBytes },
        ...(exchange.status === null ? {} : { status_code: exchange.status }),
      },
    },
    gen_ai: {
      // Elastic's name for what OpenTelemetry calls the provider.
      system: providerName(exchange),
      ...(exchange.model === null ? {} : { request: { model: exchange.model } }),
      ...(exchange.responseId === null ? {} : { response: { id: exchange.responseId } }),
      ...usageOf(exchange),
    },
    custody: shownExchange(exchange),
  }
}

function usageOf({ inputTokens, outputTokens }: NonNullable<SinkEvent['exchange']>): object {
  if (inputTokens === null && outputTokens === null) return {}
  return {
    usage: {
      ...(inputTokens === null ? {} : { input_tokens: inputTokens }),
      ...(outputTokens === null ? {} : { output_tokens: outputTokens }),
    },
  }
}
