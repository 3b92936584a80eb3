/** Recognises the event that ends an OpenAI stream, from its name and the first bytes of its data. */
import type { StreamFollower, StreamFraming, Surface } from '../../model/dialect.ts'
import type { TerminalVerdict } from '../framing/event-judge.ts'
import { createSseFollower } from '../framing/sse.ts'
import { mediaType, SSE_TYPE } from '../media-type.ts'

const DONE = '[DONE]'
/** `"error":null` is written by some servers into every chunk. */
const ERROR_FIRST = /^\s*\{\s*"(?:error"\s*:\s*(?!null\b|\s)|object"\s*:\s*"error")/u
const TYPE_FIRST = /^\s*\{\s*(?:"sequence_number"\s*:\s*\d+\s*,\s*)?"type"\s*:\s*"([^"\\]{1,64})"/u

/** Ends of Responses, image, speech and transcript streams; each comes at most once or last. */
const LAST_EVENTS: ReadonlyMap<string, TerminalVerdict> = new Map([
  ['error', 'failed'],
  ['response.failed', 'failed'],
  ['response.completed', 'end'],
  ['response.incomplete', 'end'],
  ['response.cancelled', 'end'],
  ['image_generation.completed', 'end'],
  ['image_edit.completed', 'end'],
  ['speech.audio.done', 'end'],
  ['transcript.text.done', 'end'],
])

export function framing(_surface: Surface, contentType: string): StreamFraming {
  return mediaType(contentType) === SSE_TYPE ? 'sse' : 'none'
}

export function follow(surface: Surface, contentType: string): StreamFollower | null {
  return framing(surface, contentType) === 'sse' ? createSseFollower(judge) : null
}

/** Every chunk of a chat begins like this, and nothing that ends a stream. */
const ID_FIRST = Buffer.from('{"id":')

function beginsWithId(data: Buffer): boolean {
  const { length } = ID_FIRST
  return data.length >= length && data.compare(ID_FIRST, 0, length, 0, length) === 0
}

/** Not every compatible server names its events, so the data counts as much as the name. */
function judge(eventName: string, dataPrefix: Buffer): TerminalVerdict {
  const named = LAST_EVENTS.get(eventName)
  if (named !== undefined) return named
  if (beginsWithId(dataPrefix)) return 'no'
  const data = dataPrefix.toString('latin1')
  if (data.startsWith(DONE) || data.trim() === DONE) return 'end'
  if (ERROR_FIRST.test(data)) return 'failed'
  return LAST_EVENTS.get(TYPE_FIRST.exec(data)?.[1] ?? '') ?? 'no'
}
