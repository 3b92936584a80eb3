/** The Gemini dialect: the Gemini API and Vertex AI, with Anthropic models behind `rawPredict`. */
import type { Dialect } from '../../model/dialect.ts'
import { IDLE_SSE } from '../idle-stream.ts'
import { mediaType, SSE_TYPE } from '../media-type.ts'
import { readGeminiAnswer, readGeminiAsItComes } from './answer.ts'
import { renderGeminiError, renderGeminiStreamError } from './errors.ts'
import { followGemini } from './follow.ts'
import { claimsGemini, recogniseGemini } from './paths.ts'
import { readGeminiRequest } from './request.ts'
import { geminiShape } from './stream-shape.ts'

export const gemini: Dialect = {
  name: 'gemini',
  recognise: recogniseGemini,
  claims: claimsGemini,
  readRequest: readGeminiRequest,
  framing: (_surface, contentType) => (mediaType(contentType) === SSE_TYPE ? 'sse' : 'none'),
  follow: followGemini,
  streamShape: geminiShape,
  readAnswer: readGeminiAnswer,
  readAsItComes: readGeminiAsItComes,
  renderError: renderGeminiError,
  renderStreamError: renderGeminiStreamError,
  // Without `alt=sse` a stream is one JSON array, whose first byte only the provider writes.
  idleStream: ({ kind, upstreamPath }) =>
    kind === 'generate' && /[?&]alt=sse(?:&|$)/.test(upstreamPath) ? IDLE_SSE : null,
}
