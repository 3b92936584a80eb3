/** Writes batches of events as objects of JSON Lines into an S3-compatible store, signed with AWS Signature Version 4. */
import { gzipSync } from 'node:zlib'
import type { S3Sink } from '../../model/export-settings.ts'
import { signedPut } from '../signed-put.ts'
import { formatEvent } from './formats.ts'
import { post } from './sender.ts'
import type { Sender } from './sender.ts'
import type { SinkEvent } from './sink-event.ts'

const BATCH_MAX = 500
const MEDIA_TYPE = 'application/gzip'

export function s3Sender(sink: S3Sink, version: string): Sender {
  return {
    batchMax: BATCH_MAX,
    send: async (events, signal) => {
      const lines = events.map((event) => `${formatEvent(sink.format, event, version)}\n`).join('')
      const body = gzipSync(lines)
      const bucket = { ...sink, secretAccessKey: sink.secretAccessKey.reveal() }
      const name = objectName(sink.prefix, events)
      const { url, headers } = await signedPut(bucket, name, MEDIA_TYPE, body)
      return (await post(url, headers, body, signal, 'PUT')).sent
    },
  }
}

/**
 * By the hour of its first event, then by the ids at both ends: the same batch sent again is the same object, so nothing is
 * there twice unless the batches were cut differently; then ids tell.
 */
export function objectName(prefix: string, events: readonly SinkEvent[]): string {
  const [first, last] = [events[0], events.at(-1)]
  const at = new Date(first?.atMs ?? 0).toISOString()
  const hour = `${at.slice(0, 4)}/${at.slice(5, 7)}/${at.slice(8, 10)}/${at.slice(11, 13)}`
  const ids = `${first?.id ?? ''}-${last?.id ?? ''}`.replaceAll(/[^\w.-]/g, '_')
  return `${prefix}${hour}/${ids}-${events.length}.jsonl.gz`
}
