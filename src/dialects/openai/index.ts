/** The OpenAI dialect, also spoken by Azure OpenAI and by every server that calls itself OpenAI-compatible. */
import type { Dialect } from '../../model/dialect.ts'
import { IDLE_SSE } from '../idle-stream.ts'
import { readAnswer, readAsItComes } from './answer.ts'
import { renderError, renderStreamError } from './errors.ts'
import { follow, framing } from './follow.ts'
import { claims, recognise } from './paths.ts'
import { readRequest } from './request.ts'
import { streamShape } from './stream-shape.ts'

export const openai: Dialect = {
  name: 'openai',
  recognise,
  claims,
  readRequest,
  framing,
  follow,
  streamShape,
  readAnswer,
  readAsItComes,
  renderError,
  renderStreamError,
  idleStream: ({ kind }) => (kind === 'generate' ? IDLE_SSE : null),
}
