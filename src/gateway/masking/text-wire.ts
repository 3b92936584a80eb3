/** Streams whose framing is text: server-sent events and lines of JSON. */
import { fail } from '../../model/errors.ts'
import { eventData, splitEvents } from './stream-events.ts'
import { EVENT_SIZE_MAX } from './stream-wire.ts'
import type { StreamWire } from './stream-wire.ts'

export function createTextWire(framing: 'sse' | 'ndjson'): StreamWire {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let waiting = ''
  return {
    push: (bytes) => {
      const seen = waiting.length
      waiting += decoder.decode(bytes, { stream: true })
      const { events, rest } = splitEvents(framing, waiting, seen)
      waiting = rest
      if (rest.length > EVENT_SIZE_MAX) throw fail('policy.masking-failed', 'An event is too long.')
      return events.map((raw) => {
        const data = eventData(framing, raw)
        return { raw, name: '', data: data?.text ?? null, with: data?.with ?? (() => raw) }
      })
    },
    end: () => {
      waiting += decoder.decode()
      if (waiting.trim() !== '')
        throw fail('upstream.protocol', 'It ended in the middle of an event.')
      return waiting
    },
    write: ({ name, data }) => {
      const json = JSON.stringify(data)
      if (framing === 'ndjson') return `${json}\n`
      return `${name === '' ? '' : `event: ${name}\n`}data: ${json}\n\n`
    },
  }
}
