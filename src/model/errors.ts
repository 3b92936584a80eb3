/** Every error Custody can answer with, as one closed table; `fail` is the only way to make one. */
import { PEOPLE_ERRORS } from './people-errors.ts'
import { CALLER_ERRORS } from './caller-errors.ts'
import { row } from './error-row.ts'
import type { ErrorRow } from './error-row.ts'

export const ERRORS = {
  'request.malformed': row(
    400,
    'The HTTP request is malformed.',
    'Send a well-formed HTTP/1.1 or HTTP/2 request.',
  ),
  'request.bad-path': row(
    400,
    'The request path is not acceptable.',
    'Use an origin-form path without dot segments, encoded slashes or control characters.',
  ),
  'request.bad-host': row(
    400,
    'The Host header is missing, repeated or malformed.',
    'Send exactly one Host header.',
  ),
  'request.bad-header': row(
    400,
    'A request header is not acceptable.',
    'Remove control characters and conflicting length headers.',
  ),
  'request.bad-json': row(
    400,
    'The request body is not acceptable JSON.',
    'Send one well-formed JSON document without duplicate keys.',
  ),
  'request.bad-encoding': row(
    400,
    'The request body could not be decoded.',
    'Check the Content-Encoding header: gzip, deflate, br and zstd are understood.',
  ),
  'request.unsupported-encoding': row(
    415,
    'The Content-Encoding is not supported.',
    'Send the body as identity, gzip, deflate, br or zstd.',
  ),
  'request.method': row(
    405,
    'The method is not allowed here.',
    'See the provider documentation for this path.',
  ),
  'request.timeout': row(
    408,
    'The request did not arrive in time.',
    'Send the request body without long pauses.',
    true,
  ),
  'request.aborted': row(499, 'The caller closed the connection.', 'Nothing to do.'),
  'request.upgrade': row(
    426,
    'WebSocket is not served here.',
    'Use the HTTP streaming form of this call.',
  ),
  'identity.missing': row(
    401,
    'No gateway key was sent.',
    'Send a Custody key as Authorization: Bearer, x-api-key, x-goog-api-key or api-key.',
  ),
  'identity.malformed': row(
    401,
    'The gateway key is malformed.',
    'Copy the whole key; it starts with cst_ and ends with a checksum.',
  ),
  'identity.unknown': row(
    401,
    'The gateway key is not known.',
    'Ask the owner of this gateway for a key: custody keys create.',
  ),
  'identity.expired': row(
    401,
    'The gateway key has expired.',
    'Ask the owner of this gateway for a new key.',
  ),
  'identity.revoked': row(
    401,
    'The gateway key has been revoked.',
    'Ask the owner of this gateway for a new key.',
  ),
  'identity.conflicting': row(401, 'Two different credentials were sent.', 'Send one gateway key.'),
  'identity.unavailable': row(
    503,
    'The gateway keys cannot be read.',
    'Try again; the operator sees why in /readyz.',
    true,
  ),
  'identity.upstream-not-allowed': row(
    403,
    'This key may not use this upstream.',
    'Use a key that allows the upstream.',
  ),
  'identity.model-not-allowed': row(
    403,
    'This key may not use this model.',
    'Use a model that the key allows.',
  ),
  ...CALLER_ERRORS,
  'route.unknown': row(
    404,
    'No upstream answers this path.',
    'Check the base URL; see the printed lines of custody up.',
  ),
  'limit.headers': row(431, 'The request headers are too large.', 'Send fewer or shorter headers.'),
  'limit.body': row(
    413,
    'The request body is too large.',
    'Send a smaller body or raise limits.bodyBytesMax.',
  ),
  'limit.concurrency': row(503, 'Too many exchanges are in progress.', 'Try again shortly.', true),
  'limit.memory': row(
    503,
    'The gateway holds too many buffered bytes.',
    'Try again shortly.',
    true,
  ),
  'limit.draining': row(
    503,
    'The gateway is shutting down.',
    'Try again; another instance will answer.',
    true,
  ),
  'upstream.unconfigured': row(
    503,
    'This upstream has no credential.',
    'Set the credential of the upstream and reload.',
  ),
  'upstream.address-refused': row(
    502,
    'The upstream address is in a refused range.',
    'Set allowPrivateAddresses or allowLinkLocalAddresses on this upstream if it is intended.',
  ),
  'upstream.refused': row(
    502,
    'The upstream refused the connection.',
    'Check the base URL of the upstream.',
    true,
  ),
  'upstream.unresolved': row(
    502,
    'The upstream host name does not resolve.',
    'Check the base URL of the upstream.',
    true,
  ),
  'upstream.tls': row(502, 'TLS to the upstream failed.', 'Check the certificate of the upstream.'),
  'upstream.timeout': row(
    504,
    'The upstream did not answer in time.',
    'Try again, or raise limits.firstByteMs.',
    true,
  ),
  'upstream.idle': row(
    504,
    'The upstream stopped sending in the middle of its answer.',
    'Try again.',
    true,
  ),
  'upstream.reset': row(
    502,
    'The upstream closed the connection before its answer was complete.',
    'Try again.',
    true,
  ),
  'upstream.protocol': row(
    502,
    'The upstream sent an answer that breaks its protocol.',
    'Report it to the provider; the exchange is recorded.',
  ),
  'upstream.unlike-begun': row(
    502,
    'The upstream did not answer with what was begun while people decided:',
    'Send the request again.',
  ),
  'policy.blocked': row(
    400,
    'The request holds a value that may not leave.',
    'Remove it and send the request again.',
  ),
  'policy.denied': row(400, 'Blocked by policy:', ''),
  'policy.answer-denied': row(400, 'The answer was stopped by policy:', ''),
  'policy.undecided': row(
    503,
    'The policy could not be evaluated, so the request was not forwarded.',
    'Try again; report the exchange id to the operator if it stays so.',
    true,
  ),
  'policy.answer-blocked': row(
    400,
    'The answer holds a value that may not be shown.',
    'Ask in a way that does not need it.',
  ),
  'policy.uninspectable': row(
    400,
    'The request cannot be inspected, so it was not forwarded.',
    'Send a smaller body, or ask the operator about limits.inspectBytesMax.',
  ),
  'policy.unmaskable-stream': row(
    400,
    'Answers are masked on this route, and streams of this kind cannot be masked yet.',
    'Ask for the answer without streaming.',
  ),
  'policy.inspection-failed': row(
    503,
    'The request could not be inspected, so it was not forwarded.',
    'Try again; report the exchange id to the operator if it stays so.',
    true,
  ),
  'policy.masking-failed': row(
    502,
    'The answer could not be masked, so it was cut.',
    'Report the exchange id to the operator.',
  ),
  'approval.denied': row(400, 'This request was not approved, and nothing was sent.', ''),
  'approval.expired': row(
    400,
    'Nobody approved this request in time, and nothing was sent.',
    'Send it again to ask once more.',
  ),
  'approval.cancelled': row(400, 'This request was taken back, and nothing was sent.', ''),
  'approval.pending': row(
    400,
    'This request waits for approval, and nothing was sent.',
    'Send it again when it is approved.',
  ),
  'approval.waiting': row(
    503,
    'This request waits for approval, and nothing was sent yet.',
    'Send it again: it joins the approval that waits.',
    true,
  ),
  'approval.unmaskable': row(
    400,
    'This request was approved with masking only, and it cannot be masked.',
    'Ask for an approval without masking, or remove what was found.',
  ),
  'approval.unholdable': row(
    400,
    'This request needs approval, and it is too large to be held.',
    'Send a smaller body, or ask the operator about limits.inspectBytesMax.',
  ),
  'approval.unavailable': row(
    503,
    'This request needs approval, and nobody can be asked.',
    'Try again; the operator sees why in /readyz.',
    true,
  ),
  'evidence.unavailable': row(
    503,
    'The exchange cannot be recorded, so it was not forwarded.',
    'Try again; the operator sees why in /readyz.',
    true,
  ),
  'evidence.failed': row(
    503,
    'Recording failed while the answer was on its way.',
    'Try again; the operator sees why in /readyz.',
    true,
  ),
  'api.unauthenticated': row(
    401,
    'Nobody is logged in.',
    'Log in, or send an API token as Authorization: Bearer cpt_…',
  ),
  'api.login-refused': row(
    401,
    'The login link is not valid any more.',
    'Links work once, for 15 minutes: custody login-link makes a new one.',
  ),
  'api.forbidden': row(
    403,
    'Your roles do not permit this.',
    'Ask an admin for the role; nobody can give one to themselves.',
  ),
  'api.cross-site': row(
    403,
    'The call does not come from the console.',
    'Calls with a cookie need the x-custody-csrf header and come from the same origin; scripts use an API token.',
  ),
  'api.own-lock': row(403, 'Nobody releases a lock on themselves.', 'Ask another admin.'),
  'api.own-hold': row(403, 'Nobody releases a hold that they set.', 'Ask somebody else.'),
  'api.erased': row(410, 'This exchange was erased.', 'GET …/erasure says when and why.'),
  'api.own-roles': row(403, 'Nobody gives themselves a role.', 'Ask another admin.'),
  ...PEOPLE_ERRORS,
  'api.reveal-required': row(
    403,
    'This content is masked.',
    'Open a reveal with a reason first: POST /api/v1/reveals.',
  ),
  'api.not-found': row(404, 'There is no such thing.', 'Check the id and the path.'),
  'api.method': row(405, 'The method is not allowed here.', 'See /api/v1/reference.'),
  'content.restricted': row(
    403,
    'This content takes a second person.',
    'Ask with POST /api/v1/accesses; an approver or another investigator decides.',
  ),
  'content.own-access': row(403, 'Nobody lets themselves in.', 'Another person decides.'),
  'content.access-decided': row(409, 'This was decided, or taken back, before.', 'Load it again.'),
  'content.access-expired': row(410, 'Nobody decided in time.', 'It is to be asked for again.'),
  'case.sealed': row(
    403,
    'The case is sealed: what it holds is for its members.',
    'Ask a member to let you in.',
  ),
  'case.closed': row(409, 'The case is closed.', 'Open it again to add to it.'),
  'case.last-member': row(409, 'The last member of a case stays.', 'Add somebody else first.'),
  'api.conflict': row(409, 'Something like it exists already.', 'Choose another name.'),
  'api.decided': row(409, 'It is decided already.', 'Load it again.'),
  'api.decision-refused': row(
    403,
    'This decision is not taken from you.',
    'See who may decide, and how, on the card.',
  ),
  'api.last-admin': row(409, 'The last active admin stays.', 'Make somebody else an admin first.'),
  'api.in-progress': row(
    409,
    'A call with this Idempotency-Key is still running.',
    'Wait for its answer.',
    true,
  ),
  'api.unreadable': row(
    410,
    'The record of this exchange cannot be read.',
    'See its proof; it was erased, or its segment is damaged or missing.',
  ),
  'api.precondition': row(
    412,
    'It was changed by somebody else meanwhile.',
    'Load it again and repeat the change with its new ETag.',
  ),
  'api.too-large': row(413, 'The body is too large.', 'Send less than 64 KiB.'),
  'api.media-type': row(415, 'The body is not JSON.', 'Send Content-Type: application/json.'),
  'api.invalid': row(422, 'The request does not fit the contract.', 'See /api/v1/reference.'),
  'api.key-reused': row(
    422,
    'This Idempotency-Key was used for another call.',
    'Make a new key for each create.',
  ),
  'api.precondition-required': row(
    428,
    'The change does not say what it is based on.',
    'Send If-Match with the ETag of what you read.',
  ),
  'api.rate': row(429, 'Too many calls.', 'Wait as long as Retry-After says.', true),
  'api.unaudited': row(
    503,
    'The audit trail cannot be written, so this was not shown.',
    'Try again; the operator sees why in /readyz.',
    true,
  ),
  internal: row(500, 'The gateway failed.', 'Report the exchange id to the operator.'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly status: number
  readonly retryable: boolean
  readonly hint: string

  constructor(code: ErrorCode, detail: string, cause: unknown) {
    const row: ErrorRow = ERRORS[code]
    super(detail === '' ? row.message : `${row.message} ${detail}`, { cause })
    this.code = code
    this.status = row.status
    this.retryable = row.retryable
    this.hint = row.hint
  }
}

/** Makes the error for `code`. `detail` is shown to the caller: it must never quote content or a credential. */
export function fail(code: ErrorCode, detail = '', cause?: unknown): GatewayError {
  return new GatewayError(code, detail, cause)
}
