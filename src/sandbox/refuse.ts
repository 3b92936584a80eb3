/** Renders a failure in the error shape of each dialect. */
import type { WholeAnswer } from './answer.ts'
import { jsonAnswer } from './answer.ts'
import type { SandboxDialect } from './call.ts'

type Shape = (status: number, message: string, requestId: string) => WholeAnswer

const SHAPES: Readonly<Record<SandboxDialect, Shape>> = {
  openai: (status, message) => jsonAnswer(openaiError(status, message), { status }),
  anthropic: (status, message, requestId) =>
    jsonAnswer({ ...anthropicError(status, message), request_id: requestId }, { status }),
  gemini: (status, message) => jsonAnswer(geminiError(status, message), { status }),
  bedrock: (status, message) => {
    const answer = jsonAnswer({ message }, { status })
    return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': awsType(status) } }
  },
  ollama: (status, message) => jsonAnswer({ error: message }, { status }),
}

/** What every dialect says when the script ends a stream with a failure. */
export const MIDWAY = { status: 503, message: 'The sandbox was told to fail midway.' } as const

export interface Refusal {
  readonly status: number
  readonly message: string
  readonly requestId: string
}

export function refuse(dialect: SandboxDialect, refusal: Refusal): WholeAnswer {
  return SHAPES[dialect](refusal.status, refusal.message, refusal.requestId)
}

export function openaiError(status: number, message: string) {
  return { error: { message, type: openaiType(status), param: null, code: `sandbox_${status}` } }
}

export function anthropicError(status: number, message: string) {
  return { type: 'error', error: { type: anthropicType(status), message } }
}

export function geminiError(status: number, message: string) {
  return { error: { code: status, message, status: googleStatus(status) } }
}

function openaiType(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

function anthropicType(status: number): string {
  return ANTHROPIC_TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
}

const GOOGLE_STATUSES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

function googleStatus(status: number): string {
  return GOOGLE_STATUSES[status] ?? (status >= 500 ? 'INTERNAL' : 'FAILED_PRECONDITION')
}

const AWS_TYPES: Readonly<Record<number, string>> = {
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  424: 'ModelErrorException',
  429: 'ThrottlingException',
  503: 'ServiceUnavailableException',
}

function awsType(status: number): string {
  return AWS_TYPES[status] ?? (status >= 500 ? 'InternalServerException' : 'ValidationException')
}
