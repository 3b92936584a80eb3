/** The HTTP/2 side of the listener, with bounds on what one connection may cost. */
import { createServer } from 'node:http2'
import type { Http2Server, ServerHttp2Session } from 'node:http2'
import { fail } from '../model/errors.ts'
import { Http2Caller } from './http2-caller.ts'
import { KEEP_ALIVE_MS } from './http1-server.ts'
import type { Serve } from './http1-server.ts'
import type { GatewayParts } from './parts.ts'

/** Streams one connection may have open; more wait. */
const STREAMS_MAX = 256
/** MiB of headers and queued answer bytes of one connection. */
const SESSION_MEMORY_MIB = 64

export interface Http2Side {
  readonly server: Http2Server
  /** Tells every connection to open no more streams (GOAWAY); those that run go on. */
  readonly refuseStreams: () => void
}

export function createHttp2Server(parts: GatewayParts, serve: Serve): Http2Side {
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer({
    settings: {
      maxConcurrentStreams: STREAMS_MAX,
      maxHeaderListSize: parts.settings().limits.headerBytesMax,
    },
    maxSessionMemory: SESSION_MEMORY_MIB,
    // Threat: rapid reset and its kin (CVE-2023-44487): a session that misbehaves this often is closed.
    maxSessionInvalidFrames: 100,
    streamResetBurst: 1000,
    streamResetRate: 100,
    // A provider may repeat any header, and its answer is passed on as it came.
    strictSingleValueFields: false,
  })
  server.on('session', (session) => {
    sessions.add(session)
    let running = 0
    session.on('stream', (stream) => {
      running += 1
      stream.once('close', () => {
        running -= 1
      })
    })
    session.setTimeout(KEEP_ALIVE_MS)
    // A model may think longer than that; only a connection that carries nothing is given up.
    session.on('timeout', () => {
      if (running === 0) session.close()
    })
    session.once('close', () => sessions.delete(session))
  })
  server.on('request', (request, response) => serve(new Http2Caller(request, response), null))
  server.on('connect', (request, response) =>
    serve(new Http2Caller(request, response), fail('request.method')),
  )
  server.on('checkExpectation', (request, response) =>
    serve(
      new Http2Caller(request, response),
      fail('request.bad-header', 'Only Expect: 100-continue is understood.'),
    ),
  )
  server.on('sessionError', () => parts.observer.malformed('http2'))
  return {
    server,
    refuseStreams: () => {
      for (const session of sessions) session.close()
    },
  }
}
