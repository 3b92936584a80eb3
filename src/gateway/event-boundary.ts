/** Remembers how the bytes given to a caller end, so that an error event is only put where one event has ended. */
import type { StreamFraming } from '../model/dialect.ts'

const TAIL_BYTES = 4

export interface EventBoundary {
  readonly passed: (bytes: Buffer) => void
  /** True when everything passed so far is whole events, or nothing has passed. */
  readonly isBetweenEvents: () => boolean
}

/** `wholeMessagesOnly`: the gate lets no part of a binary message through, so its bytes always end between two. */
export function createEventBoundary(
  framing: StreamFraming,
  wholeMessagesOnly: boolean,
): EventBoundary {
  let tail = ''
  return {
    passed: (bytes) => {
      tail = (tail + bytes.toString('latin1', Math.max(0, bytes.length - TAIL_BYTES))).slice(
        -TAIL_BYTES,
      )
    },
    isBetweenEvents: () => {
      if (tail === '') return true
      switch (framing) {
        case 'sse':
          // WHATWG HTML 9.2.6: a blank line ends an event, whatever the line ends are.
          return /(?:\n\n|\r\r|\r\n\r\n|\n\r\n)$/.test(tail)
        case 'ndjson':
          return tail.endsWith('\n')
        case 'aws-eventstream':
          return wholeMessagesOnly
        case 'none':
          return false
      }
    },
  }
}
