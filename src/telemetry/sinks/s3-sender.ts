/** Writes batches of events as objects of JSON Lines into an S3-compatible store, signed with AWS Signature Version 4. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { SignatureV4 } from '@smithy/signature-v4'
import { SignerSha256 } from '../../lib/signer-sha256.ts'
import type { S3Sink } from '../../model/export-settings.ts'
import { formatEvent } from './formats.ts'
import { post } from './sender.ts'
import type { Sender } from './sender.ts'
import type { SinkEvent } from './sink-event.ts'

const BATCH_MAX = 500
const MEDIA_TYPE = 'application/gzip'

export function s3Sender(sink: S3Sink, version: string): Sender {
  const base = new URL(sink.endpoint)
  return {
    batchMax: BATCH_MAX,
    send: async (events, signal) => {
      const lines = events.map((event) => `${formatEvent(sink.format, event, version)}\n`).join('')
      const body = gzipSync(lines)
      const path = `${base.pathname.replace(/\/$/, '')}/${sink.bucket}/${objectName(sink.prefix, events)}`
      const signer = new SignatureV4({
        service: 's3',
        region: sink.region,
        credentials: {
          accessKeyId: sink.accessKeyId,
          secretAccessKey: sink.secretAccessKey.reveal(),
        },
        sha256: SignerSha256,
        uriEscapePath: false,
      })
      const signed = await signer.sign({
        method: 'PUT',
        protocol: base.protocol,
        hostname: base.hostname,
        ...(base.port === '' ? {} : { port: Number(base.port) }),
        path,
        query: {},
        headers: {
          host: base.host,
          'content-type': MEDIA_TYPE,
          'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
        },
        body,
      })
      const { host: _host, ...headers } = signed.headers
      const url = `${base.protocol}//${base.host}${path}`
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
