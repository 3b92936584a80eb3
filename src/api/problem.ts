/** Errors as the control plane shows them: RFC 9457 problem details from the one table of errors. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { z } from '@hono/zod-openapi'
import type { ErrorCode } from '../model/errors.ts'
import { ERRORS, GatewayError, fail } from '../model/errors.ts'
import type { Problem } from './contract/common.ts'
import type { ApiEnv } from './parts.ts'

export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest'
  readonly errors: NonNullable<Problem['errors']>

  constructor(errors: NonNullable<Problem['errors']>) {
    super('the request does not fit the contract')
    this.errors = errors
  }
}

const ERRORS_SHOWN_MAX = 20

/** `onFault` hears of everything that is not an expected refusal. */
export function problemAnswer(
  error: unknown,
  context: Context<ApiEnv>,
  onFault: (what: string, error: unknown) => void,
): Response {
  const known = asGatewayError(error)
  if (known.code === 'internal') onFault('control plane fault', error)
  const errors = error instanceof InvalidRequest ? error.errors : undefined
  return problem(context, known, errors)
}

function problem(
  context: Context<ApiEnv>,
  error: GatewayError,
  errors: Problem['errors'],
): Response {
  const body: Problem = {
    type: 'about:blank',
    title: ERRORS[error.code].message,
    status: error.status,
    detail: error.message,
    code: error.code,
    hint: error.hint,
    requestId: context.get('requestId') ?? '',
    ...(errors === undefined ? {} : { errors }),
  }
  if (error.status === 401) context.header('www-authenticate', 'Bearer realm="custody"')
  context.header('content-type', 'application/problem+json')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table of errors holds HTTP statuses that have a body
  return context.body(JSON.stringify(body), error.status as ContentfulStatusCode)
}

function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  if (error instanceof InvalidRequest) return fail('api.invalid')
  if (error instanceof HTTPException) return fail(codeOf(error.status), '', error)
  return fail('internal', '', error)
}

function codeOf(status: number): ErrorCode {
  switch (status) {
    case 400:
      return 'api.invalid'
    case 404:
      return 'api.not-found'
    case 413:
      return 'api.too-large'
    case 415:
      return 'api.media-type'
    default:
      return 'internal'
  }
}

/** Names of fields and what is wrong with them; never what was sent. */
export function invalidFromZod(error: z.core.$ZodError): InvalidRequest {
  return new InvalidRequest(
    error.issues.slice(0, ERRORS_SHOWN_MAX).map((issue) => ({
      path: issue.path.map(String).join('.'),
      message: issue.code === 'unrecognized_keys' ? 'has fields that are not known' : issue.message,
    })),
  )
}
