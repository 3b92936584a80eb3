/** The Ollama dialect; surfaces below `/v1` of an Ollama server are handed to the OpenAI dialect. */
import type { Dialect, Surface } from '../../model/dialect.ts'
import { IDLE_NDJSON } from '../idle-stream.ts'
import { openai } from '../openai/index.ts'
import { readAnswer } from './answer.ts'
import { renderError, renderStreamError } from './errors.ts'
import { follow, framing } from './follow.ts'
import { claims, recognise } from './paths.ts'
import { readRequest } from './request.ts'
import { ollamaShape } from './stream-shape.ts'

const isOpenai = (surface: Surface | null): boolean => surface?.dialect === 'openai'

export const ollama: Dialect = {
  name: 'ollama',
  recognise,
  claims,
  readRequest: (surface, scan) =>
    (isOpenai(surface) ? openai.readRequest : readRequest)(surface, scan),
  framing: (surface, contentType) =>
    isOpenai(surface) ? openai.framing(surface, contentType) : framing(contentType),
  follow: (surface, contentType) =>
    isOpenai(surface) ? openai.follow(surface, contentType) : follow(contentType),
  streamShape: (surface) => (isOpenai(surface) ? openai.streamShape(surface) : ollamaShape()),
  readAnswer: (surface, contentType, body) =>
    isOpenai(surface)
      ? openai.readAnswer(surface, contentType, body)
      : readAnswer(contentType, body),
  renderError: (surface, error) =>
    isOpenai(surface) ? openai.renderError(surface, error) : renderError(error),
  renderStreamError: (surface, error) =>
    (isOpenai(surface) ? openai.renderStreamError : renderStreamError)(surface, error),
  idleStream: (surface) => {
    if (isOpenai(surface)) return openai.idleStream(surface)
    return surface.kind === 'generate' ? IDLE_NDJSON : null
  },
}
