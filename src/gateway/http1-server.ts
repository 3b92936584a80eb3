/** The HTTP/1.1 side of the listener: nothing the parser refuses or Node would answer by itself goes unrecorded. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { fail } from '../model/errors.ts'
import type { GatewayError } from '../model/errors.ts'
import type { Caller } from './caller.ts'
import { Http1Caller } from './http1-caller.ts'
import { RawCaller, UNREADABLE } from './raw-caller.ts'
import type { GatewayParts } from './parts.ts'

/** Runs one exchange; `refusal` stops it before the first step. */
export type Serve = (caller: Caller, refusal: GatewayError | null) => void

/** Longer than common load balancers keep theirs, so that they close first and never race us. */
export const KEEP_ALIVE_MS = 75_000
/** How often connections are looked at for headers that take too long; a fraction of the shortest limit that makes sense. */
const LOOK_MS_MAX = 1_000

export function createHttp1Server(parts: GatewayParts, serve: Serve): Server {
  const { limits } = parts.settings()
  const open = new WeakMap<Duplex, Set<Http1Caller>>()
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersMs,
    connectionsCheckingInterval: Math.min(LOOK_MS_MAX, Math.ceil(limits.headersMs / 4)),
    // The body has its own clock (limits.requestIdleMs); a whole-request one would cut long uploads.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    insecureHTTPParser: false,
    // `admit` looks at Host, so that its refusal is an exchange like any other.
    requireHostHeader: false,
    noDelay: true,
    // Java's client offers `Upgrade: h2c` on every clear-text request; only WebSocket is answered 426.
    shouldUpgradeCallback: (request: IncomingMessage) => isWebSocket(request),
  })
  // Threat: by default Node drops header lines after the thousandth in silence; bytes are the limit here.
  server.maxHeadersCount = 0
  const accept = (
    request: IncomingMessage,
    response: ServerResponse,
    refusal: GatewayError | null,
  ) => {
    const caller = new Http1Caller(request, response)
    keep(open, request.socket, caller, response)
    if (parts.admission.isDraining()) caller.leaveAfter()
    serve(caller, refusal)
  }
  server.on('request', (request, response) => accept(request, response, versionProblem(request)))
  server.on('checkExpectation', (request, response) =>
    accept(
      request,
      response,
      fail('request.bad-header', 'Only Expect: 100-continue is understood.'),
    ),
  )
  server.on('upgrade', (request, socket) =>
    serve(rawCaller(request, socket), fail('request.upgrade')),
  )
  server.on('connect', (request, socket) =>
    serve(rawCaller(request, socket), fail('request.method')),
  )
  server.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
    parts.observer.malformed(error.code ?? '')
    onMalformed(error.code ?? '', socket, open.get(socket), serve)
  })
  // The server never listens itself, and Node starts to watch for slow headers when it does.
  server.emit('listening')
  return server
}

function isWebSocket(request: IncomingMessage): boolean {
  return (request.headers.upgrade ?? '').toLowerCase().includes('websocket')
}

/** Threat: the parser also accepts HTTP/0.9 and HTTP/2.0 on a request line, and frames their bodies by its own rules. */
function versionProblem(request: IncomingMessage): GatewayError | null {
  return request.httpVersion === '1.1' || request.httpVersion === '1.0'
    ? null
    : fail('request.malformed')
}

function rawCaller(request: IncomingMessage, socket: Duplex): Caller {
  const raw = {
    method: request.method ?? '',
    rawTarget: request.url ?? '',
    rawHeaders: request.rawHeaders,
    remoteAddress: request.socket.remoteAddress ?? '',
  }
  return new RawCaller(raw, socket)
}

/** Remembers the exchange until its answer is finished, and tells it when the connection ends before. */
function keep(
  open: WeakMap<Duplex, Set<Http1Caller>>,
  socket: Socket,
  caller: Http1Caller,
  response: ServerResponse,
): void {
  let callers = open.get(socket)
  if (callers === undefined) {
    const made = new Set<Http1Caller>()
    callers = made
    open.set(socket, made)
    socket.once('close', () => {
      for (const one of made) one.over()
    })
  }
  const running = callers
  running.add(caller)
  response.once('finish', () => running.delete(caller))
}

/**
 * Answers what the parser refuses. Threat: response desynchronisation. While an earlier request on the same connection
 * waits for its answer, an answer written now would be taken for that one; so then only the connection ends behind it.
 */
function onMalformed(
  code: string,
  socket: Duplex,
  running: ReadonlySet<Http1Caller> | undefined,
  serve: Serve,
): void {
  // A caller that ends its side in the middle of a request has left; every other code is a reset or the like.
  const isOurs =
    (code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE') ||
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
  if (!isOurs || !socket.writable) {
    socket.destroy()
    return
  }
  const last = running === undefined ? undefined : [...running].at(-1)
  if (last === undefined) {
    const remoteAddress = 'remoteAddress' in socket ? String(socket.remoteAddress) : ''
    serve(new RawCaller({ ...UNREADABLE, remoteAddress }, socket), malformed(code))
  } else if (last.bodyIsWhole) last.leaveAfter()
  else last.breakBody(malformed(code))
}

function malformed(code: string): GatewayError {
  if (code === 'HPE_HEADER_OVERFLOW') return fail('limit.headers')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return fail('request.timeout')
  return fail('request.malformed')
}
