/** What a stream may hold before its first event, that no client takes for one. */
import type { IdleStream } from '../model/dialect.ts'
import { SSE_TYPE } from './media-type.ts'

/** WHATWG HTML 9.2.6: a line that begins with a colon is ignored, and so is the blank line behind it. */
export const IDLE_SSE: IdleStream = {
  contentType: SSE_TYPE,
  comment: ': waiting for approval\n\n',
  ping: null,
}

/**
 * A JSON text may begin with blanks (RFC 8259 2). An empty line would say nothing either, but the clients of Ollama in
 * Python and Go parse every line there is and give up at it (ollama-python `_client.py`, ollama `api/client.go`).
 */
export const IDLE_NDJSON: IdleStream = {
  contentType: 'application/x-ndjson',
  comment: ' ',
  ping: null,
}
