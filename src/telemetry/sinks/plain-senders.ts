/** Senders without an answer of their own: a syslog stream, a file; and the one to an OpenTelemetry receiver. */
import { open } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { FileSink, OtlpSink, SyslogSink } from '../../model/export-settings.ts'
import { formatEvent } from './formats.ts'
import { otlpSpans } from './otlp-spans.ts'
import { otlpLogs } from './otlp.ts'
import { DELIVERED, post, reasonOf } from './sender.ts'
import type { Sender } from './sender.ts'
import { framed, syslogLine } from './syslog-line.ts'

const BATCH_MAX = 200
const QUIET_MS = 10_000

/** A connection for each batch: only its orderly end says that the receiver took everything before it. */
export function syslogSender(sink: SyslogSink, host: string, version: string): Sender {
  return {
    batchMax: BATCH_MAX,
    send: async (events, signal) => {
      const lines = events.map((event) =>
        framed(syslogLine(event, host, formatEvent(sink.format, event, version))),
      )
      try {
        await written(sink, Buffer.concat(lines), signal)
        return DELIVERED
      } catch (error) {
        return { kind: 'failed', reason: reasonOf(error) }
      }
    },
  }
}

function written(sink: SyslogSink, bytes: Buffer, signal: AbortSignal): Promise<void> {
  const { host, port } = sink
  return new Promise((resolve, reject) => {
    const socket: Socket = sink.tls
      ? connectTls({ host, port, servername: host }, () => socket.end(bytes))
      : connect({ host, port }, () => socket.end(bytes))
    let isFlushed = false
    const stop = (): void => void socket.destroy(new Error('stopped'))
    signal.addEventListener('abort', stop)
    socket.on('finish', () => {
      isFlushed = true
    })
    socket.setTimeout(QUIET_MS, () => {
      // Some receivers keep their side open for ever.
      socket.destroy(isFlushed ? undefined : new Error('timeout'))
    })
    socket.on('error', reject)
    socket.on('close', (hadError) => {
      signal.removeEventListener('abort', stop)
      if (!hadError && isFlushed) resolve()
      else reject(new Error('closed early'))
    })
    socket.resume()
  })
}

/** One line for each event; the file is opened anew each time, so that it can be rotated by moving it. */
export function fileSender(sink: FileSink, version: string): Sender {
  return {
    batchMax: BATCH_MAX,
    send: async (events) => {
      const lines = events.map((event) => `${formatEvent(sink.format, event, version)}\n`).join('')
      try {
        await using file = await open(sink.file, 'a+', 0o600)
        const { size } = await file.stat()
        const last = Buffer.alloc(1)
        if (size > 0) await file.read(last, 0, 1, size - 1)
        // A line that was cut off by a crash must not swallow the next one.
        const isTorn = size > 0 && last[0] !== 0x0a
        await file.appendFile(`${isTorn ? '\n' : ''}${lines}`)
        await file.datasync()
        return DELIVERED
      } catch (error) {
        return { kind: 'failed', reason: reasonOf(error) }
      }
    },
  }
}

const REJECTED = /"rejected(?:LogRecords|Spans)"\s*:\s*"?[1-9]/

export function otlpSender(sink: OtlpSink, version: string): Sender {
  return {
    batchMax: BATCH_MAX,
    send: async (events, signal) => {
      const authorization = sink.authorization?.reveal()
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
      const { sent, text } = await post(
        `${sink.url}/v1/logs`,
        headers,
        otlpLogs(events, version),
        signal,
      )
      if (sent.kind !== 'delivered') return sent
      const traces = sink.spans ? otlpSpans(events, version) : null
      const spans =
        traces === null ? null : await post(`${sink.url}/v1/traces`, headers, traces, signal)
      if (spans !== null && spans.sent.kind !== 'delivered') return spans.sent
      const isPartial = REJECTED.test(text) || REJECTED.test(spans?.text ?? '')
      return isPartial ? { kind: 'refused', reason: 'the receiver rejected some' } : sent
    },
  }
}
