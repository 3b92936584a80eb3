/** Puts an error of the gateway into the one shape that Ollama clients show. */
import type { CallerError, RenderedError, Surface } from '../../model/dialect.ts'

export function renderError(error: CallerError): RenderedError {
  return {
    status: error.status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': error.exchangeId,
    },
    body: Buffer.from(JSON.stringify({ error: error.message })),
  }
}

/** A line with `error` is raised by the client, in chat as in pulls. */
export function renderStreamError(surface: Surface, error: CallerError): Buffer | null {
  const streams =
    surface.kind === 'generate' || /^ollama\.(?:pull|push|create)$/u.test(surface.name)
  return streams ? Buffer.from(`${JSON.stringify({ error: error.message })}\n`) : null
}
