/** Recognises the last chunk of Gemini streams, which is told only by a member somewhere in its data. */
import type { StreamFollower, Surface } from '../../model/dialect.ts'
import { createAnthropicFollower } from '../anthropic/follow.ts'
import { createJsonArrayFollower } from '../framing/json-array.ts'
import { createKeyWatch } from '../framing/key-watch.ts'
import { createSseFollowerWith } from '../framing/sse.ts'
import { mediaType, SSE_TYPE } from '../media-type.ts'

export function followGemini(surface: Surface, contentType: string): StreamFollower | null {
  const type = mediaType(contentType)
  if (surface.kind !== 'generate') return null
  if (surface.name === 'vertex.raw-predict') {
    return type === SSE_TYPE ? createAnthropicFollower() : null
  }
  if (type === SSE_TYPE) return createSseFollowerWith(lastChunk())
  return surface.streamInPath === true && type === 'application/json'
    ? createJsonArrayFollower(lastChunk())
    : null
}

/**
 * A finish reason does not end the stream for certain: each of several candidates has its own, and some models put one into
 * every chunk. So the chunk is held until a chunk with parts shows that more was to come.
 */
const lastChunk = (): ReturnType<typeof createKeyWatch> =>
  createKeyWatch([
    { depth: 4, key: 'parts', means: 'content' },
    { depth: 3, key: 'finishReason', means: 'last' },
    { depth: 2, key: 'blockReason', means: 'end' },
    { depth: 1, key: 'error', means: 'failed' },
  ])
