/** Pieces of every size reach an HTTP/1.1 caller in order, also a slow one, and one whose answer stands in line. */
import assert from 'node:assert/strict'
import { createServer, get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Http1Caller } from './http1-caller.ts'

/** Serves each request by `answer` and gives the port. */
async function serving(
  answer: (caller: Http1Caller) => void,
  then: (port: number) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => answer(new Http1Caller(request, response)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    // oxlint-disable-next-line no-unsafe-type-assertion -- a server that listens on a port has one
    await then((server.address() as AddressInfo).port)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const responseOf = (port: number): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent: false }, resolve).once('error', reject)
  })

test('a slow reader is waited for and gets every piece, small and large, in order', async () => {
  const pieces = Array.from({ length: 30_000 }, (_, at) =>
    Buffer.alloc(at % 1000 === 0 ? 600_000 : 150, at % 251),
  )
  const waited = Promise.withResolvers<void>()
  const pump = (caller: Http1Caller, from: number): void => {
    for (let at = from; at < pieces.length; at += 1) {
      if (caller.write(pieces[at] ?? Buffer.alloc(0))) continue
      waited.resolve()
      caller.onDrain(() => pump(caller, at + 1))
      return
    }
    caller.end(Buffer.from('end'))
  }
  const answer = (caller: Http1Caller): void => {
    caller.head(200, ['content-type', 'text/event-stream'], true)
    pump(caller, 0)
  }
  await serving(answer, async (port) => {
    const response = await responseOf(port)
    await waited.promise
    const body = await buffer(response)
    assert.equal(body.compare(Buffer.concat([...pieces, Buffer.from('end')])), 0)
  })
})

test('an answer behind another one on its connection comes after it, whole', async () => {
  const callers: Http1Caller[] = []
  const finish = (caller: Http1Caller): void => {
    for (const piece of ['b', 'c']) caller.write(Buffer.from(`${caller.rawTarget}${piece};`))
    caller.end()
  }
  const answer = (caller: Http1Caller): void => {
    caller.head(200, ['content-type', 'text/plain'], true)
    caller.write(Buffer.from(`${caller.rawTarget}a;`))
    callers.push(caller)
    if (callers.length === 2) for (const one of callers.toReversed()) finish(one)
  }
  await serving(answer, async (port) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(
      'GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
    )
    const bodies = (await text(socket)).match(/\/\d[abc];/g)
    assert.deepEqual(bodies, ['/1a;', '/1b;', '/1c;', '/2a;', '/2b;', '/2c;'])
  })
})

test('a caller on HTTP/1.0 gets the pieces without the framing of chunks', async () => {
  const answer = (caller: Http1Caller): void => {
    caller.head(200, ['content-type', 'text/plain'], true)
    for (const piece of ['one ', 'two ', 'three']) caller.write(Buffer.from(piece))
    caller.end()
  }
  await serving(answer, async (port) => {
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.0\r\n\r\n')
    assert.equal((await text(socket)).split('\r\n\r\n')[1], 'one two three')
  })
})
