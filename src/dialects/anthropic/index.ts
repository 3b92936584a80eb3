/** The Anthropic dialect: Messages, token counting, batches and the legacy completions. */
import type { Dialect } from '../../model/dialect.ts'
import { IDLE_SSE } from '../idle-stream.ts'
import { mediaType, SSE_TYPE } from '../media-type.ts'
import { readAnthropicAnswer, readAnthropicAsItComes } from './answer.ts'
import { renderAnthropicError, renderAnthropicStreamError } from './errors.ts'
import { followAnthropic } from './follow.ts'
import { claimsAnthropic, recogniseAnthropic } from './paths.ts'
import { readAnthropicRequest } from './request.ts'
import { anthropicShape } from './stream-shape.ts'
import { createSpokenEnding } from './spoken-ending.ts'

export const anthropic: Dialect = {
  name: 'anthropic',
  recognise: recogniseAnthropic,
  claims: claimsAnthropic,
  readRequest: readAnthropicRequest,
  framing: (_surface, contentType) => (mediaType(contentType) === SSE_TYPE ? 'sse' : 'none'),
  follow: (surface, contentType) =>
    surface.kind === 'generate' && mediaType(contentType) === SSE_TYPE
      ? followAnthropic(surface)
      : null,
  streamShape: (surface) => (surface.name === 'anthropic.messages' ? anthropicShape() : null),
  readAnswer: readAnthropicAnswer,
  readAsItComes: readAnthropicAsItComes,
  renderError: renderAnthropicError,
  renderStreamError: renderAnthropicStreamError,
  idleStream: ({ kind }) => (kind === 'generate' ? { ...IDLE_SSE, ping: PING } : null),
  spokenEnding: ({ name }) => (name === 'anthropic.messages' ? createSpokenEnding() : null),
}

const PING = 'event: ping\ndata: {"type":"ping"}\n\n'
