/** Takes the model's own event out of a message of an `invoke-with-response-stream` answer. */
import { parseLoose, textAt } from '../../lib/json/loose.ts'

/** Bytes of the model's event; null when the payload carries none. */
export function invokeChunk(payload: Buffer): Buffer | null {
  const encoded = textAt(parseLoose(payload.toString('utf8')), 'bytes')
  return encoded === null ? null : Buffer.from(encoded, 'base64')
}

/** Stands in the last event of every model family. */
export const METRICS = 'amazon-bedrock-invocationMetrics'
