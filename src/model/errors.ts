/** Every error Custody can answer with, as one closed table; `fail` is the only way to make one. */

export interface ErrorRow {
  readonly status: number
  /** Plain sentence for the caller. Details may be appended by `fail`. */
  readonly message: string
  /** What to do about it. */
  readonly hint: string
  /** May the same request succeed when sent again? Drives `x-should-retry`. */
  readonly retryable: boolean
}

const row = (status: number, message: string, hint: string, retryable = false): ErrorRow => ({
  status,
  message,
  hint,
  retryable,
})

export const ERRORS = {
  'request.malformed': row(400, 'The HTTP request is malformed.', 'Send a well-formed HTTP/1.1 or HTTP/2 request.'),
  'request.bad-path': row(400, 'The request path is not acceptable.', 'Use an origin-form path without dot segments, encoded slashes or control characters.'),
  'request.bad-host': row(400, 'The Host header is missing, repeated or malformed.', 'Send exactly one Host header.'),
  'request.bad-header': row(400, 'A request header is not acceptable.', 'Remove control characters and conflicting length headers.'),
  'request.bad-json': row(400, 'The request body is not acceptable JSON.', 'Send one well-formed JSON document without duplicate keys.'),
  'request.bad-encoding': row(400, 'The request body could not be decoded.', 'Check the Content-Encoding header: gzip, deflate, br and zstd are understood.'),
  'request.unsupported-encoding': row(415, 'The Content-Encoding is not supported.', 'Send the body as identity, gzip, deflate, br or zstd.'),
  'request.method': row(405, 'The method is not allowed here.', 'See the provider documentation for this path.'),
  'request.timeout': row(408, 'The request did not arrive in time.', 'Send the request body without long pauses.', true),
  'request.aborted': row(499, 'The caller closed the connection.', 'Nothing to do.'),
  'request.upgrade': row(426, 'WebSocket is not served here.', 'Use the HTTP streaming form of this call.'),
  'identity.missing': row(401, 'No gateway key was sent.', 'Send a Custody key as Authorization: Bearer, x-api-key, x-goog-api-key or api-key.'),
  'identity.malformed': row(401, 'The gateway key is malformed.', 'Copy the whole key; it starts with cst_ and ends with a checksum.'),
  'identity.unknown': row(401, 'The gateway key is not known.', 'Ask the owner of this gateway for a key: custody keys create.'),
  'identity.expired': row(401, 'The gateway key has expired.', 'Ask the owner of this gateway for a new key.'),
  'identity.revoked': row(401, 'The gateway key has been revoked.', 'Ask the owner of this gateway for a new key.'),
  'identity.conflicting': row(401, 'Two different credentials were sent.', 'Send one gateway key.'),
  'identity.unavailable': row(503, 'The gateway keys cannot be read.', 'Try again; the operator sees why in /readyz.', true),
  'identity.upstream-not-allowed': row(403, 'This key may not use this upstream.', 'Use a key that allows the upstream.'),
  'identity.model-not-allowed': row(403, 'This key may not use this model.', 'Use a model that the key allows.'),
  'route.unknown': row(404, 'No upstream answers this path.', 'Check the base URL; see the printed lines of custody up.'),
  'limit.headers': row(431, 'The request headers are too large.', 'Send fewer or shorter headers.'),
  'limit.body': row(413, 'The request body is too large.', 'Send a smaller body or raise limits.bodyBytesMax.'),
  'limit.concurrency': row(503, 'Too many exchanges are in progress.', 'Try again shortly.', true),
  'limit.memory': row(503, 'The gateway holds too many buffered bytes.', 'Try again shortly.', true),
  'limit.draining': row(503, 'The gateway is shutting down.', 'Try again; another instance will answer.', true),
  'upstream.unconfigured': row(503, 'This upstream has no credential.', 'Set the credential of the upstream and reload.'),
  'upstream.address-refused': row(502, 'The upstream address is in a refused range.', 'Set allowPrivateAddresses or allowLinkLocalAddresses on this upstream if it is intended.'),
  'upstream.refused': row(502, 'The upstream refused the connection.', 'Check the base URL of the upstream.', true),
  'upstream.unresolved': row(502, 'The upstream host name does not resolve.', 'Check the base URL of the upstream.', true),
  'upstream.tls': row(502, 'TLS to the upstream failed.', 'Check the certificate of the upstream.'),
  'upstream.timeout': row(504, 'The upstream did not answer in time.', 'Try again, or raise limits.firstByteMs.', true),
  'upstream.idle': row(504, 'The upstream stopped sending in the middle of its answer.', 'Try again.', true),
  'upstream.reset': row(502, 'The upstream closed the connection before its answer was complete.', 'Try again.', true),
  'upstream.protocol': row(502, 'The upstream sent an answer that breaks its protocol.', 'Report it to the provider; the exchange is recorded.'),
  'evidence.unavailable': row(503, 'The exchange cannot be recorded, so it was not forwarded.', 'Try again; the operator sees why in /readyz.', true),
  'evidence.failed': row(503, 'Recording failed while the answer was on its way.', 'Try again; the operator sees why in /readyz.', true),
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

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text)
}
