/** Sends to a Splunk HTTP Event Collector and, where asked to, waits until the indexer says that it has them. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SplunkSink } from '../../model/export-settings.ts'
import { formatEvent } from './formats.ts'
import { DELIVERED, post } from './sender.ts'
import type { Sender, Sent } from './sender.ts'
import type { SinkEvent } from './sink-event.ts'

const BATCH_MAX = 200
/** Splunk writes in turns; what is not there after this long is sent again. */
const ACK_ASKED_MAX = 40
const ACK_PAUSE_MS = 500

export function splunkSender(sink: SplunkSink, host: string, version: string): Sender {
  const headers = {
    authorization: `Splunk ${sink.token.reveal()}`,
    'x-splunk-request-channel': channelOf(sink.name),
  }
  const collector = `${sink.url}/services/collector`
  return {
    batchMax: BATCH_MAX,
    send: async (events, signal) => {
      const body = events.map((event) => collectorLine(sink, host, event, version)).join('\n')
      const { sent, text } = await post(`${collector}/event`, headers, body, signal)
      if (sent.kind !== 'delivered' || !sink.acknowledge) return sent
      const ackId = numberAt(text, 'ackId')
      if (ackId === null) {
        return { kind: 'failed', reason: 'no ackId: the token is not made for acknowledgement' }
      }
      return acknowledged(`${collector}/ack`, headers, ackId, signal)
    },
  }
}

export function collectorLine(
  sink: Pick<SplunkSink, 'index' | 'format'>,
  host: string,
  event: SinkEvent,
  version: string,
): string {
  const text = formatEvent(sink.format, event, version)
  const head = JSON.stringify({
    time: event.atMs / 1000,
    host,
    source: 'custody',
    sourcetype: `custody:${sink.format}`,
    ...(sink.index === null ? {} : { index: sink.index }),
    fields: { event_id: event.id },
  })
  // The event was made inert as text; parsing it again would undo that.
  return `${head.slice(0, -1)},"event":${sink.format === 'cef' ? JSON.stringify(text) : text}}`
}

async function acknowledged(
  url: string,
  headers: Readonly<Record<string, string>>,
  ackId: number,
  signal: AbortSignal,
): Promise<Sent> {
  for (let asked = 0; asked < ACK_ASKED_MAX && !signal.aborted; asked += 1) {
    const { sent, text } = await post(url, headers, JSON.stringify({ acks: [ackId] }), signal)
    if (sent.kind !== 'delivered')
      return { kind: 'failed', reason: `asking for it: ${sent.reason}` }
    if (new RegExp(`"${ackId}"\\s*:\\s*true`).test(text)) return DELIVERED
    await sleep(ACK_PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined)
  }
  return { kind: 'failed', reason: 'not acknowledged in time' }
}

function numberAt(text: string, name: string): number | null {
  const match = new RegExp(`"${name}"\\s*:\\s*(\\d{1,15})\\b`).exec(text)
  return match === null ? null : Number(match[1])
}

/** A GUID that stays the same for a sink, so that Splunk keeps one channel for it. */
function channelOf(name: string): string {
  const hex = createHash('sha256').update(`custody ${name}`).digest('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-')
}
