/** Puts a gateway error into the shape that Anthropic SDKs raise with its message and code. */
import type { CallerError, RenderedError, Surface } from '../../model/dialect.ts'

export function renderAnthropicError(_surface: Surface | null, error: CallerError): RenderedError {
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', 'request-id': error.exchangeId },
    body: Buffer.from(anthropicErrorJson(error)),
  }
}

/** Null where the surface never streams. */
export function renderAnthropicStreamError(surface: Surface, error: CallerError): Buffer | null {
  if (surface.kind !== 'generate') return null
  return Buffer.from(`event: error\ndata: ${anthropicErrorJson(error)}\n\n`)
}

/** The type is none of Anthropic's own: Claude Code answers those by dropping features and trying again. */
function anthropicErrorJson(error: CallerError): string {
  const [family = 'internal'] = error.code.split('.', 1)
  return JSON.stringify({
    type: 'error',
    error: {
      type: `custody_${family}`,
      message: error.message,
      details: { error_code: error.code },
    },
    request_id: error.exchangeId,
  })
}
