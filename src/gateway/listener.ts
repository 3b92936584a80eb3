/** Accepts callers on one address: HTTP/1.1 and HTTP/2, on clear text by prior knowledge and on TLS by ALPN. */
import { constants } from 'node:crypto'
import type { Server as Http1Server } from 'node:http'
import type { Http2Server } from 'node:http2'
import { createServer as createNetServer } from 'node:net'
import type { Server as NetServer, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Server as TlsServer, TlsOptions } from 'node:tls'
import { handle } from './handle.ts'
import { createHttp1Server } from './http1-server.ts'
import type { Serve } from './http1-server.ts'
import { createHttp2Server } from './http2-server.ts'
import type { GatewayParts } from './parts.ts'

export interface ListenOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Null serves clear text. */
  readonly tls: ListenTls | null
}

/** PEM texts. */
export interface ListenTls {
  readonly cert: string
  readonly key: string
  /** Null asks callers for no certificate. */
  readonly clients: { readonly ca: string; readonly required: boolean } | null
}

export interface Listener extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** Stops accepting; connections in use go on until their exchange ends. */
  readonly stopAccepting: () => void
  /** For connections from now on; those that live keep theirs. Whether callers are asked for certificates stays as it was. */
  readonly setTls: (tls: ListenTls) => void
}

/** RFC 9113 3.4: what a client with prior knowledge sends first. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export async function listen(options: ListenOptions, parts: GatewayParts): Promise<Listener> {
  const sockets = new Set<Socket>()
  const running = new Set<Promise<void>>()
  const serve: Serve = (caller, refusal) => {
    const done = handle(caller, parts, refusal)
      .catch(() => {
        // Threat: one request that cannot even become an exchange must not end the process and all others with it.
        parts.observer.malformed('internal')
        caller.cut()
      })
      .finally(() => running.delete(done))
    running.add(done)
  }
  const http1 = createHttp1Server(parts, serve)
  const http2 = createHttp2Server(parts, serve)
  const server =
    options.tls === null
      ? clearServer(http1, http2.server, parts)
      : secureServer(options.tls, http1, http2.server, parts)
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
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    host: options.host,
    port,
    stopAccepting: () => {
      server.close()
      http1.closeIdleConnections()
      http2.refuseStreams()
    },
    setTls: (tls) => {
      if ('setSecureContext' in server) server.setSecureContext(contextOptions(tls))
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      http1.close()
      for (const socket of sockets) socket.destroy()
      await closed
      // Every exchange that was cut still closes its record.
      await Promise.all(running)
    },
  }
}

/** Looks at the first bytes of a clear-text connection and hands it to the server that speaks them. */
function clearServer(http1: Http1Server, http2: Http2Server, parts: GatewayParts): NetServer {
  return createNetServer({ noDelay: true }, (socket) => {
    const onTimeout = (): void => {
      socket.destroy()
    }
    socket.setTimeout(parts.settings().limits.headersMs, onTimeout)
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
      socket.off('timeout', onTimeout)
      socket.unshift(seen)
      const speaker = mayBePreface ? http2 : http1
      speaker.emit('connection', socket)
      // The HTTP/2 server takes over the socket's handle and reads what was put back by itself.
      if (!mayBePreface) socket.resume()
    }
    socket.on('data', onData)
  })
}

/**
 * Where a certificate is not required, one that does not verify is let through to `identify`, which refuses it on the
 * record. Threat: a resumed session carries the verdict of the day it began, so none is resumed.
 */
function contextOptions({
  cert,
  key,
  clients,
}: ListenTls): Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'minVersion' | 'secureOptions'> {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ...(clients === null ? {} : { ca: clients.ca, secureOptions: constants.SSL_OP_NO_TICKET }),
  }
}

/** ALPN decides (RFC 7301); a client without it speaks HTTP/1.1. */
function secureServer(
  tls: ListenTls,
  http1: Http1Server,
  http2: Http2Server,
  parts: GatewayParts,
): TlsServer {
  const server = createTlsServer({
    ...contextOptions(tls),
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: parts.settings().limits.headersMs,
    ...(tls.clients === null
      ? {}
      : { requestCert: true, rejectUnauthorized: tls.clients.required }),
  })
  server.on('secureConnection', (socket) => {
    const speaker = socket.alpnProtocol === 'h2' ? http2 : http1
    speaker.emit('connection', socket)
  })
  server.on('tlsClientError', () => parts.observer.malformed('tls'))
  return server
}
