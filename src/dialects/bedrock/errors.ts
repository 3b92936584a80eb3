/** Puts a gateway error into the shape of AWS JSON services, whole or as an exception message of an event stream. */
import type { CallerError, RenderedError, Surface } from '../../model/dialect.ts'
import { encodeEventStreamMessage } from '../framing/aws-eventstream.ts'
import { textHeaders } from '../framing/aws-headers.ts'

export function renderBedrockError(_surface: Surface | null, error: CallerError): RenderedError {
  return {
    status: error.status,
    headers: {
      'content-type': 'application/json',
      'x-amzn-errortype': exceptionName(error.status),
      'x-amzn-requestid': error.exchangeId,
    },
    body: errorBody(error),
  }
}

/** Null where the surface never streams. */
export function renderBedrockStreamError(surface: Surface, error: CallerError): Buffer | null {
  if (surface.streamInPath !== true) return null
  const headers = textHeaders({
    ':exception-type': streamExceptionName(error.status),
    ':content-type': 'application/json',
    ':message-type': 'exception',
  })
  return encodeEventStreamMessage(headers, errorBody(error))
}

const errorBody = (error: CallerError): Buffer =>
  Buffer.from(JSON.stringify({ message: error.message }))

function exceptionName(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return 'AccessDeniedException'
    case 404:
      return 'ResourceNotFoundException'
    case 408:
    case 504:
      return 'ModelTimeoutException'
    case 429:
      return 'ThrottlingException'
    case 503:
      return 'ServiceUnavailableException'
    default:
      return status < 500 ? 'ValidationException' : 'InternalServerException'
  }
}

/** Streams know fewer exceptions, spelled as members. */
function streamExceptionName(status: number): string {
  switch (status) {
    case 429:
      return 'throttlingException'
    case 503:
      return 'serviceUnavailableException'
    default:
      return status < 500 ? 'validationException' : 'internalServerException'
  }
}
