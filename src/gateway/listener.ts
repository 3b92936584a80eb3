/** Accepts callers on one address: HTTP/1.1 and HTTP/2, on clear text by prior knowledge and on TLS by ALPN. */
import { createServer as createHttp1Server } from 'node:http'
import type { IncomingMessage, Server as Http1Server, ServerResponse } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { Http2Server } from 'node:http2'
import { createServer as createNetServer } from 'node:net'
import type { AddressInfo, Server as NetServer, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer } from 'node:tls'
import type { Server as TlsServer } from 'node:tls'
import { fail } from '../model/errors.ts'
import { callerOfHttp1, callerOfHttp2 } from './caller.ts'
import type { Caller } from './caller.ts'
import { handle } from './handle.ts'
import type { GatewayParts } from './parts.ts'

export interface ListenOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** PEM texts; null serves clear text. */
  readonly tls: { readonly cert: string; readonly key: string } | null
}

export interface Listener extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** Stops accepting; connections in use go on until their exchange ends. */
  readonly stopAccepting: () => void
}

/** RFC 9113 3.4: what a client with prior knowledge sends first. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
/** Streams one connection may have open; more wait. */
const STREAMS_MAX = 256
/** Longer than common load balancers keep theirs, so that they close first and never race us. */
const KEEP_ALIVE_MS = 75_000

export async function listen(options: ListenOptions, parts: GatewayParts): Promise<Listener> {
  const sockets = new Set<Duplex>()
  const http1 = http1Server(parts)
  const server =
    options.tls === null ? clearServer(http1, parts) : secureServer(options.tls, http1, parts)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  return {
    host: options.host,
    port,
    stopAccepting: () => {
      server.close()
      http1.closeIdleConnections()
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      http1.closeAllConnections()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Looks at the first bytes of a clear-text connection and hands it to the server that speaks them. */
function clearServer(http1: Http1Server, parts: GatewayParts): NetServer {
  const http2 = http2Server(parts)
  return createNetServer({ noDelay: true }, (socket) => {
    socket.setTimeout(parts.settings().limits.headersMs, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    let seen: Buffer = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk])
      const length = Math.min(seen.length, PREFACE.length)
      const mayBePreface = seen.subarray(0, length).equals(PREFACE.subarray(0, length))
      if (mayBePreface && length < PREFACE.length) return
      socket.off('data', onData)
      socket.pause()
      socket.setTimeout(0)
      socket.unshift(seen)
      const speaker = mayBePreface ? http2 : http1
      speaker.emit('connection', socket)
      socket.resume()
    }
    socket.on('data', onData)
  })
}

function http1Server(parts: GatewayParts): Http1Server {
  const { limits } = parts.settings()
  const server = createHttp1Server({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersMs,
    // The body has its own clock (limits.requestIdleMs); a whole-request one would cut long uploads.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    insecureHTTPParser: false,
    requireHostHeader: true,
    noDelay: true,
    // Java's client offers `Upgrade: h2c` on every clear-text request; only WebSocket is answered 426.
    shouldUpgradeCallback: (request: IncomingMessage) => isWebSocket(request),
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void handle(callerOfHttp1(request, response), parts, null)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    refuseUpgrade(request, socket, parts)
  })
  server.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
    parts.observer.malformed(error.code ?? '')
    answerMalformed(error.code ?? '', socket)
  })
  return server
}

function http2Server(parts: GatewayParts): Http2Server {
  const server = createHttp2Server({
    settings: {
      maxConcurrentStreams: STREAMS_MAX,
      maxHeaderListSize: parts.settings().limits.headerBytesMax,
    },
    // Threat: rapid reset and its kin (CVE-2023-44487): a session that misbehaves this often is closed.
    maxSessionInvalidFrames: 100,
    streamResetBurst: 1000,
    streamResetRate: 100,
  })
  server.on('request', (request, response) => {
    void handle(callerOfHttp2(request, response), parts, null)
  })
  server.on('sessionError', () => parts.observer.malformed('http2'))
  return server
}

/** ALPN decides (RFC 7301); a client without it speaks HTTP/1.1. */
function secureServer(
  tls: { readonly cert: string; readonly key: string },
  http1: Http1Server,
  parts: GatewayParts,
): TlsServer {
  const http2 = http2Server(parts)
  const server = createTlsServer({
    cert: tls.cert,
    key: tls.key,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: parts.settings().limits.headersMs,
  })
  server.on('secureConnection', (socket) => {
    const speaker = socket.alpnProtocol === 'h2' ? http2 : http1
    speaker.emit('connection', socket)
  })
  server.on('tlsClientError', () => parts.observer.malformed('tls'))
  return server
}

function isWebSocket(request: IncomingMessage): boolean {
  return (request.headers.upgrade ?? '').toLowerCase().includes('websocket')
}

/** Codex falls back to HTTP at once on 426; any other answer costs it seconds. The attempt is recorded as refused. */
function refuseUpgrade(request: IncomingMessage, socket: Duplex, parts: GatewayParts): void {
  const caller = callerOfUpgrade(request, socket)
  void handle(caller, parts, fail('request.upgrade'))
}

function callerOfUpgrade(request: IncomingMessage, socket: Duplex): Caller {
  let answered = false
  return {
    method: request.method ?? '',
    rawTarget: request.url ?? '',
    httpVersion: '1.1',
    rawHeaders: request.rawHeaders,
    remoteAddress: request.socket.remoteAddress ?? '',
    body: request,
    get answered() {
      return answered
    },
    get gone() {
      return socket.destroyed
    },
    head: (status: number, flat: readonly string[]) => {
      answered = true
      const lines = [`HTTP/1.1 ${status} Upgrade Required`]
      for (let i = 0; i + 1 < flat.length; i += 2) lines.push(`${flat[i]}: ${flat[i + 1]}`)
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    },
    write: (bytes: Buffer) => socket.write(bytes),
    end: (bytes?: Buffer) => {
      if (bytes === undefined) socket.end()
      else socket.end(bytes)
    },
    cut: () => {
      socket.destroy()
    },
    onDrain: (listener: () => void) => {
      socket.once('drain', listener)
    },
    onGone: (listener: () => void) => {
      socket.once('close', listener)
    },
  }
}

/** What the parser refuses never becomes an exchange; the answer says which rule it broke, nothing is echoed. */
function answerMalformed(code: string, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const error =
    code === 'HPE_HEADER_OVERFLOW'
      ? fail('limit.headers')
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? fail('request.timeout')
        : fail('request.malformed')
  const body = JSON.stringify({
    error: { message: `${error.message} ${error.hint}`, type: 'custody_request', code: error.code },
  })
  socket.end(
    `HTTP/1.1 ${error.status} ${error.status === 431 ? 'Request Header Fields Too Large' : 'Bad Request'}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
