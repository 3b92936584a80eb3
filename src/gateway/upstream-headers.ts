/** Puts the gateway-held credential on a request: a header, or an AWS Signature Version 4 over exactly what is sent. */
import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { holdSettingsOf } from '../model/approval-settings.ts'
import { looksSecret } from '../lib/secret-shape.ts'
import type { Upstream, UpstreamCredential } from '../model/upstream.ts'
import type { Exchange, Routing } from './exchange.ts'
import { headersForUpstream } from './headers.ts'
import { keepaliveOf } from './hold/keepalive.ts'

/** What the gateway itself adds for an upstream. */
interface OwnHeaders {
  /** Names and values alternating. */
  readonly flat: readonly string[]
  /** Lower-case; the caller's own lines of these names are dropped first. */
  readonly names: ReadonlySet<string>
  /** Lower-case names of those whose values a record must not hold. */
  readonly secret: ReadonlySet<string>
}

/** Made once for each upstream of the settings in force. */
const owned = new WeakMap<Upstream, OwnHeaders>()

function ownHeaders(upstream: Upstream): OwnHeaders {
  const known = owned.get(upstream)
  if (known !== undefined) return known
  const { credential, headers } = upstream
  const own: [string, string][] = Object.entries(headers)
  if (credential.kind === 'header')
    own.push([credential.header, `${credential.prefix}${credential.secret}`])
  const made = {
    flat: own.flat(),
    names: new Set(own.map(([name]) => name.toLowerCase())),
    secret: secretNames(upstream),
  }
  owned.set(upstream, made)
  return made
}

/**
 * Lower-case names of the headers whose values a record must not hold. An operator may put a second secret into
 * `headers` (a tenant key, say); what looks like one, by name or by value, counts as one.
 */
export const secretHeaders = ({ upstream }: Routing): ReadonlySet<string> =>
  ownHeaders(upstream).secret

function secretNames({ credential, headers }: Upstream): ReadonlySet<string> {
  const names = new Set<string>()
  if (credential.kind === 'header') names.add(credential.header.toLowerCase())
  for (const [name, value] of Object.entries(headers)) {
    if (SECRET_WORD.test(name) || looksSecret(value)) names.add(name.toLowerCase())
  }
  return names
}

const SECRET_WORD = /key|token|secret|auth|pass|credential|cookie|signature/i

/** Flat header list for the provider: the caller's in order, then the operator's and the credential. A promise only to sign. */
export function upstreamHeaders(
  exchange: Exchange,
  routing: Routing,
): readonly string[] | Promise<readonly string[]> {
  const { upstream } = routing
  const signs = upstream.credential.kind === 'sigv4'
  const passed = asMasked(
    exchange,
    headersForUpstream(exchange.caller.rawHeaders, { dropBetas: upstream.dropBetas, signs }),
  )
  const own = ownHeaders(upstream)
  const headers: string[] = []
  for (let i = 0; i + 1 < passed.length; i += 2) {
    const name = passed[i] ?? ''
    if (!own.names.has(name.toLowerCase())) headers.push(name, passed[i + 1] ?? '')
  }
  headers.push(...own.flat)
  if (exchange.body.kind === 'streamed' && exchange.body.declaredBytes !== null) {
    headers.push('content-length', String(exchange.body.declaredBytes))
  }
  if (upstream.credential.kind !== 'sigv4') return headers
  return signature(exchange, routing, headers, upstream.credential).then((signed) => [
    ...headers,
    ...signed,
  ])
}

/** What the caller said about its bytes that is not true of those that are sent (RFC 9530, RFC 9110 8.4). */
const OF_THE_BODY: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
])

/** A masked body is sent plain, and an answer that is to be masked, or may be begun early, is asked for without a coding. */
function asMasked(exchange: Exchange, passed: readonly string[]): readonly string[] {
  const masksAnswer =
    exchange.answerRules?.isActive === true ||
    exchange.masking?.directions.includes('response') === true
  const isPlain = masksAnswer || mayBegin(exchange)
  if (exchange.maskedBody === null && !isPlain) return passed
  const headers: string[] = []
  for (let i = 0; i + 1 < passed.length; i += 2) {
    const name = passed[i] ?? ''
    const lower = name.toLowerCase()
    if (exchange.maskedBody !== null && OF_THE_BODY.has(lower)) continue
    if (isPlain && lower === 'accept-encoding') continue
    headers.push(name, passed[i + 1] ?? '')
  }
  if (isPlain) headers.push('accept-encoding', 'identity')
  return headers
}

/** A head that is sent before the decision names no coding. */
function mayBegin(exchange: Exchange): boolean {
  if (exchange.held?.kind !== 'ask') return false
  const { keepalive } = holdSettingsOf(exchange.settings.approvals, exchange.route?.name ?? '')
  return keepaliveOf(exchange, keepalive)?.kind === 'begin'
}

/**
 * AWS Signature Version 4 (docs.aws.amazon.com/IAM, "Signing AWS API requests"). Only the headers AWS needs are
 * signed, so that nothing between here and AWS that adds a header breaks the call.
 */
async function signature(
  exchange: Exchange,
  routing: Routing,
  headers: readonly string[],
  credential: Extract<UpstreamCredential, { kind: 'sigv4' }>,
): Promise<string[]> {
  const signer = new SignatureV4({
    service: credential.service,
    region: credential.region,
    credentials: {
      accessKeyId: credential.accessKeyId,
      secretAccessKey: credential.secretAccessKey,
      ...(credential.sessionToken === null ? {} : { sessionToken: credential.sessionToken }),
    },
    sha256: Sha256,
    applyChecksum: true,
  })
  const url = new URL(routing.origin)
  const question = routing.path.indexOf('?')
  const signed = await signer.sign({
    method: exchange.caller.method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: question === -1 ? routing.path : routing.path.slice(0, question),
    query: question === -1 ? {} : queryRecord(routing.path.slice(question + 1)),
    headers: {
      host: url.host,
      'content-type': valueOf(headers, 'content-type') ?? 'application/json',
      // A body that streams through is not held, so it cannot be hashed before it is sent.
      ...(exchange.body.kind === 'streamed' ? { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } : {}),
    },
    ...(exchange.body.kind === 'whole' ? { body: exchange.maskedBody ?? exchange.body.bytes } : {}),
  })
  return Object.entries(signed.headers)
    .filter(([name]) => name !== 'host' && name !== 'content-type')
    .flat()
}

function valueOf(flat: readonly string[], name: string): string | null {
  for (let i = 0; i + 1 < flat.length; i += 2)
    if (flat[i]?.toLowerCase() === name) return flat[i + 1] ?? null
  return null
}

function queryRecord(query: string): Record<string, string[]> {
  const record: Record<string, string[]> = {}
  for (const [name, value] of new URLSearchParams(query)) (record[name] ??= []).push(value)
  return record
}

type Bytes = string | ArrayBuffer | ArrayBufferView

function asBuffer(data: Bytes): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data)
}

/** node:crypto in the shape the signer asks for. */
class Sha256 {
  #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>
  readonly #secret: Bytes | undefined

  constructor(secret?: Bytes) {
    this.#secret = secret
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', asBuffer(secret))
  }

  update(data: Bytes): void {
    this.#hash.update(asBuffer(data))
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()))
  }

  reset(): void {
    this.#hash =
      this.#secret === undefined
        ? createHash('sha256')
        : createHmac('sha256', asBuffer(this.#secret))
  }
}
