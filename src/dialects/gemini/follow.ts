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

const lastChunk = (): ReturnType<typeof createKeyWatch> =>
  createKeyWatch([
    { depth: 3, key: 'finishReason', verdict: 'end' },
    { depth: 2, key: 'blockReason', verdict: 'end' },
    { depth: 1, key: 'error', verdict: 'failed' },
  ])
