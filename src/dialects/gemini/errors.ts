/** Puts a gateway error into the Google API error shape, whole or as the last chunk of a stream. */
import type { CallerError, RenderedError, Surface } from '../../model/dialect.ts'
import { renderAnthropicError, renderAnthropicStreamError } from '../anthropic/errors.ts'

const STATUS_NAMES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

export function renderGeminiError(surface: Surface | null, error: CallerError): RenderedError {
  if (surface?.name === 'vertex.raw-predict') return renderAnthropicError(surface, error)
  return {
    status: error.status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: Buffer.from(errorJson(error)),
  }
}

/** Null where the surface never streams, and for a streamed JSON array: half an array cannot be ended with an error. */
export function renderGeminiStreamError(surface: Surface, error: CallerError): Buffer | null {
  if (surface.streamInPath !== true) return null
  if (surface.name === 'vertex.raw-predict') return renderAnthropicStreamError(surface, error)
  if (!/[?&]alt=sse(?:&|$)/u.test(surface.upstreamPath)) return null
  return Buffer.from(`data: ${errorJson(error)}\r\n\r\n`)
}

function errorJson(error: CallerError): string {
  const status =
    STATUS_NAMES[error.status] ?? (error.status < 500 ? 'FAILED_PRECONDITION' : 'INTERNAL')
  return JSON.stringify({
    error: {
      code: error.status,
      message: error.message,
      status,
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: error.code,
          domain: 'custody',
          metadata: { exchange: error.exchangeId },
        },
      ],
    },
  })
}
