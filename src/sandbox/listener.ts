/** Accepts HTTP/1.1 and HTTP/2 with prior knowledge on one clear-text port, told apart by the first bytes. */
import { createServer as createHttp1Server } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2'
import { createServer as createTcpServer } from 'node:net'
import type { Socket } from 'node:net'

export type Incoming = IncomingMessage | Http2ServerRequest
export type Outgoing = ServerResponse | Http2ServerResponse
export type OnRequest = (incoming: Incoming, outgoing: Outgoing) => void

/** RFC 9113 3.4: the preface no HTTP/1.1 request can begin with. */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n')
const HEADER_BYTES_MAX = 256 * 1024
const BACKLOG = 1024

export interface Listener extends AsyncDisposable {
  readonly port: number
}

export async function listen(host: string, port: number, onRequest: OnRequest): Promise<Listener> {
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  const http1 = createHttp1Server(
    { maxHeaderSize: HEADER_BYTES_MAX, requestTimeout: 0, keepAliveTimeout: 60_000, noDelay: true },
    onRequest,
  )
  const http2 = createHttp2Server({ settings: { maxHeaderListSize: HEADER_BYTES_MAX } }, onRequest)
  http2.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  const tcp = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // A peer that resets is no event for the sandbox; its request is marked aborted.
    socket.on('error', () => socket.destroy())
    route(socket, { http1, http2 })
  })
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject)
    tcp.listen({ host, port, backlog: BACKLOG }, resolve)
  })
  const address = tcp.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => {
        tcp.close(() => resolve())
      })
      for (const session of sessions) session.destroy()
      for (const socket of sockets) socket.destroy()
      http1.close()
      http2.close()
      await closed
    },
  }
}

interface Servers {
  readonly http1: ReturnType<typeof createHttp1Server>
  readonly http2: ReturnType<typeof createHttp2Server>
}

/** Holds back the first bytes until they tell the protocol; a lone `P` does not. */
function route(socket: Socket, { http1, http2 }: Servers, held: Buffer = Buffer.alloc(0)): void {
  socket.once('readable', () => {
    const more: Buffer | null = socket.read()
    if (more === null) {
      socket.destroy()
      return
    }
    const first = Buffer.concat([held, more])
    const known = Math.min(first.length, HTTP2_PREFACE.length)
    const isHttp2 = first.subarray(0, known).equals(HTTP2_PREFACE.subarray(0, known))
    if (isHttp2 && known < HTTP2_PREFACE.length) {
      route(socket, { http1, http2 }, first)
      return
    }
    socket.unshift(first)
    const server = isHttp2 ? http2 : http1
    server.emit('connection', socket)
  })
}
