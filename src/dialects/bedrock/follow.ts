/** Recognises the last message of Bedrock event streams. */
import type { StreamFollower, Surface } from '../../model/dialect.ts'
import { createEventStreamFollower } from '../framing/aws-eventstream.ts'
import type { IsTerminalMessage } from '../framing/aws-eventstream.ts'
import { headerText } from '../framing/aws-headers.ts'
import type { TerminalVerdict } from '../framing/event-judge.ts'
import { parseLoose, textAt, valueAt } from '../../lib/json/loose.ts'
import { mediaType } from '../media-type.ts'
import { invokeChunk, METRICS } from './invoke-chunk.ts'

export const EVENT_STREAM_TYPE = 'application/vnd.amazon.eventstream'

export function followBedrock(surface: Surface, contentType: string): StreamFollower | null {
  if (surface.kind !== 'generate' || mediaType(contentType) !== EVENT_STREAM_TYPE) return null
  return createEventStreamFollower(isTerminal)
}

/** Converse sends a `metadata` event behind `messageStop`; it comes after the terminal event and is held with it. */
const isTerminal: IsTerminalMessage = (headers, payload) => {
  const type = headerText(headers, ':message-type')
  if (type === 'exception' || type === 'error') return 'failed'
  const name = headerText(headers, ':event-type')
  if (name === 'messageStop') return 'end'
  return name === 'chunk' ? verdictOfChunk(payload) : 'no'
}

function verdictOfChunk(payload: Buffer): TerminalVerdict {
  const chunk = invokeChunk(payload)
  // Three names decide; most chunks hold none of them and need not be parsed.
  if (chunk === null || !NAMES.some((name) => chunk.includes(name))) return 'no'
  const event = parseLoose(chunk.toString('utf8'))
  const eventType = textAt(event, 'type')
  if (eventType === 'error') return 'failed'
  const isLast = eventType === 'message_stop' || valueAt(event, METRICS) !== undefined
  return isLast ? 'end' : 'no'
}

const NAMES: readonly string[] = ['message_stop', METRICS, '"error"']
