/** What a stream may hold before its first event, that no client takes for one. */
import type { IdleStream } from '../model/dialect.ts'
import { SSE_TYPE } from './media-type.ts'

/** WHATWG HTML 9.2.6: a line that begins with a colon is ignored, and so is the blank line behind it. */
export const IDLE_SSE: IdleStream = {
  contentType: SSE_TYPE,
  comment: ': waiting for approval\n\n',
  ping: null,
}

export const IDLE_NDJSON: IdleStream = {
  contentType: 'application/x-ndjson',
  comment: '\n',
  ping: null,
}
