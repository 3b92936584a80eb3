/** Posts each event by itself, signed as Standard Webhooks has it. */
import { createHmac } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import type { WebhookSink } from '../../model/export-settings.ts'
import { formatEvent } from './formats.ts'
import { DELIVERED, post } from './sender.ts'
import type { Sender } from './sender.ts'

/** So many are on their way at once. */
const BATCH_MAX = 8

export function webhookSender(sink: WebhookSink, clock: Clock, version: string): Sender {
  return {
    batchMax: BATCH_MAX,
    send: async (events, signal) => {
      const answers = await Promise.all(
        events.map((event) => {
          const body = formatEvent(sink.format, event, version)
          const seconds = Math.floor(clock.nowMs() / 1000)
          const headers = webhookHeaders(event.id, seconds, body, sink.secret.reveal())
          return post(sink.url, headers, body, signal)
        }),
      )
      const sent = answers.map((answer) => answer.sent)
      return sent.find(({ kind }) => kind === 'failed') ?? sent.find(isRefused) ?? DELIVERED
    },
  }
}

const isRefused = ({ kind }: { readonly kind: string }): boolean => kind === 'refused'

export function webhookHeaders(id: string, seconds: number, body: string, secret: string) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature}`,
  }
}
