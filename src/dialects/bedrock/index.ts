/** The Bedrock dialect: Converse and native model calls of the Bedrock runtime. */
import type { Dialect } from '../../model/dialect.ts'
import { mediaType } from '../media-type.ts'
import { readBedrockAnswer } from './answer.ts'
import { renderBedrockError, renderBedrockStreamError } from './errors.ts'
import { EVENT_STREAM_TYPE, followBedrock } from './follow.ts'
import { claimsBedrock, recogniseBedrock } from './paths.ts'
import { readBedrockRequest } from './request.ts'
import { bedrockShape } from './stream-shape.ts'

export const bedrock: Dialect = {
  name: 'bedrock',
  recognise: recogniseBedrock,
  claims: claimsBedrock,
  readRequest: readBedrockRequest,
  framing: (_surface, contentType) =>
    mediaType(contentType) === EVENT_STREAM_TYPE ? 'aws-eventstream' : 'none',
  follow: followBedrock,
  streamShape: bedrockShape,
  readAnswer: readBedrockAnswer,
  renderError: renderBedrockError,
  renderStreamError: renderBedrockStreamError,
  idleStream: () => null,
}
