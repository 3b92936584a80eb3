/** Recognises the last event of Anthropic streams. */
import type { StreamFollower, Surface } from '../../model/dialect.ts'
import { createKeyWatch } from '../framing/key-watch.ts'
import type { TerminalVerdict } from '../framing/event-judge.ts'
import { createSseFollower, createSseFollowerWith } from '../framing/sse.ts'
import type { IsTerminalEvent } from '../framing/sse.ts'

/** Some SDKs go by the event name, some by the type in the data: either makes the event terminal. */
const TYPE = /^\s*\{\s*"type"\s*:\s*"(message_stop|error)"/u
const TYPE_BYTES = 64

export function createAnthropicFollower(): StreamFollower {
  return createSseFollower(isTerminal)
}

export function followAnthropic(surface: Surface): StreamFollower {
  if (surface.name !== 'anthropic.complete') return createAnthropicFollower()
  return createSseFollowerWith(
    createKeyWatch([
      { depth: 1, key: 'stop_reason', means: 'end' },
      { depth: 1, key: 'error', means: 'failed' },
    ]),
  )
}

const isTerminal: IsTerminalEvent = (eventName, dataPrefix) => {
  const named = verdictOf(eventName)
  if (named !== 'no') return named
  return verdictOf(TYPE.exec(dataPrefix.toString('latin1', 0, TYPE_BYTES))?.[1] ?? '')
}

function verdictOf(type: string): TerminalVerdict {
  if (type === 'message_stop') return 'end'
  return type === 'error' ? 'failed' : 'no'
}
