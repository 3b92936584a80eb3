/** An upstream that a test scripts byte by byte: it collects each request and hands the open socket to the script. */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface UpstreamRequestSeen {
  readonly head: string
  readonly target: string
  readonly body: Buffer
}

export interface ScriptedUpstream extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly seen: UpstreamRequestSeen[]
  /** Connections open at this moment. */
  readonly connections: () => number
}

export type UpstreamScript = (socket: Socket, request: UpstreamRequestSeen) => void

/** `when: 'head'` calls the script as soon as the request head is there; the body is then not collected. */
export async function scriptedUpstream(
  script: UpstreamScript,
  when: 'whole' | 'head' = 'whole',
): Promise<ScriptedUpstream> {
  const sockets = new Set<Socket>()
  const seen: UpstreamRequestSeen[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    let bytes: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      for (;;) {
        const read = readRequest(bytes, when)
        if (read === null) return
        bytes = bytes.subarray(read.end)
        seen.push(read.request)
        script(socket, read.request)
        if (when === 'head') {
          socket.removeAllListeners('data')
          return
        }
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function readRequest(
  bytes: Buffer,
  when: 'whole' | 'head',
): { readonly request: UpstreamRequestSeen; readonly end: number } | null {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return null
  const head = bytes.toString('latin1', 0, headEnd)
  const target = head.split(' ')[1] ?? ''
  const from = headEnd + 4
  if (when === 'head') return { request: { head, target, body: Buffer.alloc(0) }, end: from }
  if (/^transfer-encoding: *chunked/im.test(head)) {
    const parts: Buffer[] = []
    for (let at = from; ;) {
      const lineEnd = bytes.indexOf('\r\n', at)
      if (lineEnd === -1) return null
      const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
      if (bytes.length < lineEnd + 2 + size + 2) return null
      if (size === 0)
        return { request: { head, target, body: Buffer.concat(parts) }, end: lineEnd + 4 }
      parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
      at = lineEnd + 2 + size + 2
    }
  }
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  if (bytes.length < from + length) return null
  return {
    request: { head, target, body: bytes.subarray(from, from + length) },
    end: from + length,
  }
}

/** A whole HTTP/1.1 answer. */
export function answer(
  status: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = '',
): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const bytes = Buffer.from(body as string)
  return Buffer.concat([
    Buffer.from(
      `HTTP/1.1 ${status}\r\n${lines.join('')}content-length: ${bytes.length}\r\n\r\n`,
      'latin1',
    ),
    bytes,
  ])
}

export const chunk = (text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text as string)
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ])
}
