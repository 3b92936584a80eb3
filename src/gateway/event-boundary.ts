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
  /** At least as many bytes as are looked at, where so many have passed; looked at when somebody asks. */
  let last: Buffer = Buffer.alloc(0)
  return {
    passed: (bytes) => {
      last = bytes.length >= TAIL_BYTES ? bytes : Buffer.concat([last.subarray(-TAIL_BYTES), bytes])
    },
    isBetweenEvents: () => {
      if (last.length === 0) return true
      const tail = last.toString('latin1', Math.max(0, last.length - TAIL_BYTES))
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
