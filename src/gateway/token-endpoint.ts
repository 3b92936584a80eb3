/** Serves the token endpoint of the data plane; its requests hold credentials, so they are answered and not recorded. */
import type { Caller } from './caller.ts'
import { headerValue } from './headers.ts'
import type { GatewayParts } from './parts.ts'
import { readBody } from './read-body.ts'

/** `/oauth/token`, `/v1/oauth/token`, and both below a path tag and the prefix of an upstream, where SDKs look for it. */
const TOKEN_PATH = /^(?:\/t\/[^/?]+)?(?:\/[a-z][a-z0-9-]*)?(?:\/v1)?\/oauth\/token$/
const BODY_BYTES_MAX = 128 * 1024

export interface TokenEndpointRequest {
  readonly contentType: string
  readonly body: Buffer
  readonly remoteAddress: string
}

/** Never rejects. */
export type TokenEndpoint = (request: TokenEndpointRequest) => Promise<{
  readonly status: number
  readonly body: Readonly<Record<string, string | number>>
}>

export function isTokenRequest(caller: Caller): boolean {
  return TOKEN_PATH.test(caller.rawTarget)
}

export async function serveToken(caller: Caller, parts: GatewayParts): Promise<void> {
  const { limits } = parts.settings()
  const full = parts.admission.enter(limits)
  const answer =
    full === null
      ? await answerTo(caller, parts, limits.requestIdleMs)
      : problem(full.status, 'the gateway is busy')
  if (full === null) parts.admission.leave()
  if (caller.gone) return
  const body = Buffer.from(JSON.stringify(answer.body))
  caller.head(answer.status, [
    'content-type',
    'application/json',
    'content-length',
    String(body.length),
    // RFC 6749 5.1.
    'cache-control',
    'no-store',
    'pragma',
    'no-cache',
  ])
  caller.end(body)
}

async function answerTo(
  caller: Caller,
  parts: GatewayParts,
  idleMs: number,
): ReturnType<TokenEndpoint> {
  if (caller.method !== 'POST') return problem(405, 'use POST')
  const reading = await readBody(caller, BODY_BYTES_MAX, idleMs, () => true)
  if (reading.kind === 'overflow') return problem(413, 'the request is too large')
  if (reading.kind === 'failure') return problem(reading.error.status, 'the request did not arrive')
  return parts.tokenEndpoint({
    contentType: headerValue(caller.rawHeaders, 'content-type') ?? '',
    body: reading.bytes,
    remoteAddress: caller.remoteAddress,
  })
}

function problem(status: number, description: string): Awaited<ReturnType<TokenEndpoint>> {
  return { status, body: { error: 'invalid_request', error_description: description } }
}
