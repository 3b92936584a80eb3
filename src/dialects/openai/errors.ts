/** Puts an error of the gateway into the shapes that OpenAI clients raise. */
import type { CallerError, RenderedError, Surface } from '../../model/dialect.ts'

interface ErrorBody {
  readonly message: string
  /** Never a standard type: clients answer those by sending the request again in another form. */
  readonly type: string
  readonly code: string
  readonly param: null
}

function errorBody({ code, message }: CallerError): ErrorBody {
  return { message, type: `custody_${familyOf(code)}`, code, param: null }
}

function familyOf(code: string): string {
  return code.split('.', 1)[0] ?? code
}

export function renderError(_surface: Surface | null, error: CallerError): RenderedError {
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-request-id': error.exchangeId },
    body: Buffer.from(JSON.stringify({ error: errorBody(error) })),
  }
}

export function renderStreamError(surface: Surface, error: CallerError): Buffer | null {
  if (isResponses(surface)) return Buffer.from(responsesError(error))
  if (surface.kind !== 'generate') return null
  const body = errorBody(error)
  const type = error.status < 500 ? `${body.type}${NOT_SENT_AGAIN}` : body.type
  return Buffer.from(`data: ${JSON.stringify({ error: { ...body, type } })}\n\n`)
}

/** The AI SDK takes the error of a stream for one of the server, and sends the prompt again, unless its type has this. */
const NOT_SENT_AGAIN = '_invalid_request'

/** Also a stored response can be streamed (`GET /responses/<id>?stream=true`). */
function isResponses(surface: Surface): boolean {
  return /^(?:openai|azure)\.responses(?:-stored|-compact)?$/u.test(surface.name)
}

/**
 * SDKs raise on `event: error`. Codex takes that for a broken transport and sends the whole prompt again; the only
 * event it accepts as final is `response.failed` with the code `invalid_prompt`, so a refusal by policy or lock uses it.
 */
function responsesError(error: CallerError): string {
  const body = errorBody(error)
  if (['policy', 'containment'].includes(familyOf(error.code))) {
    const failed = {
      type: 'response.failed',
      sequence_number: 0,
      response: {
        id: error.exchangeId,
        object: 'response',
        status: 'failed',
        error: { code: 'invalid_prompt', message: error.message },
        output: [],
      },
    }
    return `event: response.failed\ndata: ${JSON.stringify(failed)}\n\n`
  }
  const { code, message, param } = body
  const event = { type: 'error', sequence_number: 0, code, message, param, error: body }
  return `event: error\ndata: ${JSON.stringify(event)}\n\n`
}
