/** Sends one request to a configured upstream and reports the answer as it comes; connections are pooled per origin. */
import { Client, Pool, buildConnector, errors } from 'undici'
import type { Dispatcher } from 'undici'
import type { Socket } from 'node:net'
import { GatewayError, fail } from '../model/errors.ts'
import type { GatewayLimits } from '../model/settings.ts'
import type { Upstream } from '../model/upstream.ts'
import { guardedLookup, literalHostProblem } from './upstream-address.ts'

export interface UpstreamRequest {
  readonly method: string
  readonly origin: string
  readonly path: string
  /** Names and values alternating, in order. */
  readonly headers: readonly string[]
  readonly body: Buffer | AsyncIterable<Buffer> | null
}

/** Told in order: head once, chunks, then exactly one of end and error. */
export interface UpstreamListener {
  readonly onHead: (status: number, flatHeaders: readonly string[], address: string | null) => void
  readonly onChunk: (bytes: Buffer) => void
  readonly onEnd: () => void
  readonly onError: (error: GatewayError) => void
}

export interface UpstreamCall {
  readonly pause: () => void
  readonly resume: () => void
  /** Stops the call; the listener hears nothing more. */
  readonly abort: () => void
}

const CONNECTIONS_MAX = 1024
/** Below the idle time after which common load balancers drop a connection, to lose the race less often. */
const KEEP_ALIVE_MS = 30_000

/** A client that knows the address its one socket is connected to. */
class AddressedClient extends Client {
  address: string | null = null

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    if (handler instanceof AnswerHandler) handler.client = this
    return super.dispatch(options, handler)
  }
}

class AnswerHandler implements Dispatcher.DispatchHandler, UpstreamCall {
  client: AddressedClient | null = null
  readonly #listener: UpstreamListener
  #controller: Dispatcher.DispatchController | null = null
  #over = false

  constructor(listener: UpstreamListener) {
    this.#listener = listener
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(fail('request.aborted'))
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (this.#over || status < 200) return
    this.#listener.onHead(status, flatHeaders(controller.rawHeaders), this.client?.address ?? null)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over) this.#listener.onChunk(chunk)
  }

  onResponseEnd(): void {
    if (this.#over) return
    this.#over = true
    this.#listener.onEnd()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#listener.onError(upstreamFailure(error))
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    this.#controller?.abort(fail('request.aborted'))
  }
}

export interface UpstreamClient extends AsyncDisposable {
  readonly send: (
    upstream: Upstream,
    request: UpstreamRequest,
    limits: GatewayLimits,
    listener: UpstreamListener,
  ) => UpstreamCall
}

export function createUpstreamClient(): UpstreamClient {
  const pools = new Map<string, Pool>()
  return {
    send: (upstream, request, limits, listener) => {
      const handler = new AnswerHandler(listener)
      const key = [
        request.origin,
        upstream.allowPrivateAddresses,
        upstream.allowLinkLocalAddresses,
        limits.connectMs,
      ].join(' ')
      let pool = pools.get(key)
      if (pool === undefined) {
        const problem = literalHostProblem(request.origin, upstream)
        if (problem !== null) {
          listener.onError(fail('upstream.address-refused', problem))
          return handler
        }
        pool = createPool(request.origin, upstream, limits)
        pools.set(key, pool)
      }
      pool.dispatch(
        {
          method: request.method,
          path: request.path,
          headers: [...request.headers],
          // oxlint-disable-next-line no-unsafe-type-assertion -- undici takes async iterables, its types do not say so
          body: request.body as Buffer | null,
          headersTimeout: limits.firstByteMs,
          bodyTimeout: limits.idleMs,
          idempotent: false,
        },
        handler,
      )
      return handler
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
      pools.clear()
    },
  }
}

function createPool(origin: string, upstream: Upstream, limits: GatewayLimits): Pool {
  const connect = buildConnector({
    timeout: limits.connectMs,
    lookup: guardedLookup(upstream),
    // undici's own default of HTTP/2 over TLS would reorder and lower-case the caller's headers.
    allowH2: false,
  })
  return new Pool(origin, {
    connections: CONNECTIONS_MAX,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    factory: (clientOrigin, options) => {
      const client: AddressedClient = new AddressedClient(clientOrigin, {
        ...(options as Client.Options),
        connect: (connectOptions, callback) => {
          connect(connectOptions, (...result) => {
            // The types promise null; a connection that failed brings undefined.
            const socket: Socket | null | undefined = result[1]
            client.address = socket ? remoteOf(socket) : null
            callback(...result)
          })
        },
      })
      return client
    },
  })
}

function remoteOf(socket: Socket): string {
  return socket.remoteFamily === 'IPv6'
    ? `[${socket.remoteAddress}]:${socket.remotePort}`
    : `${socket.remoteAddress}:${socket.remotePort}`
}

function flatHeaders(raw: unknown): string[] {
  if (!Array.isArray(raw)) return []
  // Header bytes are Latin-1 on the wire (RFC 9110 5.5), which keeps each byte as it came.
  return raw.map((part: unknown) =>
    Buffer.isBuffer(part) ? part.toString('latin1') : String(part),
  )
}

const CODES: Readonly<Record<string, () => GatewayError>> = {
  UND_ERR_HEADERS_TIMEOUT: () => fail('upstream.timeout'),
  UND_ERR_BODY_TIMEOUT: () => fail('upstream.idle'),
  UND_ERR_CONNECT_TIMEOUT: () =>
    fail('upstream.timeout', 'The connection was not accepted in time.'),
  UND_ERR_SOCKET: () => fail('upstream.reset'),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: () => fail('upstream.reset'),
  UND_ERR_HEADERS_OVERFLOW: () => fail('upstream.protocol', 'Its headers are too large.'),
  ECONNREFUSED: () => fail('upstream.refused'),
  ENOTFOUND: () => fail('upstream.unresolved'),
  EAI_AGAIN: () => fail('upstream.unresolved'),
  ECONNRESET: () => fail('upstream.reset'),
  EPIPE: () => fail('upstream.reset'),
  EHOSTUNREACH: () => fail('upstream.refused', 'No route to the host.'),
  ENETUNREACH: () => fail('upstream.refused', 'No route to the network.'),
  ETIMEDOUT: () => fail('upstream.timeout', 'The connection timed out.'),
}

/** Sorts a transport error into the closed table by its code; texts of other libraries are never compared or shown. */
function upstreamFailure(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  for (
    let at: unknown = error, depth = 0;
    at instanceof Error && depth < 5;
    at = at.cause, depth += 1
  ) {
    if (at instanceof AggregateError && at.errors.length > 0) return upstreamFailure(at.errors[0])
    // Its code is often missing, so the class decides.
    if (at instanceof errors.HTTPParserError) return fail('upstream.protocol', '', error)
    const code = 'code' in at && typeof at.code === 'string' ? at.code : ''
    const known = CODES[code]
    if (known !== undefined) return known()
    if (/^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code))
      return fail('upstream.tls')
  }
  return fail('upstream.reset', '', error)
}
