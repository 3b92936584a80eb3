/** A wire between a client and the gateway that passes every byte on and remembers it, for HTTP/1.1 and HTTP/2. */
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { HTTP2_PREFACE, readHttp2 } from './read-http2.ts'
import { readHttp1 } from './read-http1.ts'
import type { HeaderPair } from './read-http1.ts'

export interface TappedExchange {
  readonly httpVersion: '1.1' | '2'
  readonly method: string
  readonly target: string
  /** In wire order and spelling; no pseudo headers. */
  readonly headers: readonly HeaderPair[]
  readonly body: Buffer
  /** Null when no answer had begun. */
  readonly status: number | null
  readonly answerHeaders: readonly HeaderPair[]
  readonly answer: Buffer
  /** The client was given the answer to its end. */
  readonly isWhole: boolean
}

export interface Tap extends AsyncDisposable {
  /** Origin to give to a client in the gateway's place. */
  readonly url: string
  readonly exchanges: () => Promise<readonly TappedExchange[]>
}

interface Wire {
  readonly up: Buffer[]
  readonly down: Buffer[]
  /** When each of `up` came, counted over all connections. */
  readonly turns: number[]
}

/** An exchange with the place of its first byte, to put those of several connections in order. */
type Placed = readonly [turn: number, exchange: TappedExchange]

export async function startTap(gatewayUrl: string): Promise<Tap> {
  const { hostname, port } = new URL(gatewayUrl)
  const wires: Wire[] = []
  const sockets = new Set<Socket>()
  let turn = 0
  const server = createServer({ noDelay: true }, (client) => {
    const wire: Wire = { up: [], down: [], turns: [] }
    wires.push(wire)
    const gateway = connect({ host: hostname, port: Number(port), noDelay: true })
    for (const [from, to, kept] of [
      [client, gateway, wire.up],
      [gateway, client, wire.down],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes: Buffer) => {
        kept.push(bytes)
        if (kept === wire.up) wire.turns.push(turn)
        turn += 1
        to.write(bytes)
      })
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the tap has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    exchanges: async () =>
      (await Promise.all(wires.map(readWire)))
        .flat()
        .toSorted(([a], [b]) => a - b)
        .map(([, exchange]) => exchange),
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

async function readWire(wire: Wire): Promise<readonly Placed[]> {
  const up = Buffer.concat(wire.up)
  const down = Buffer.concat(wire.down)
  const read = up.subarray(0, HTTP2_PREFACE.length).equals(HTTP2_PREFACE)
    ? await readHttp2Wire(up, down)
    : readHttp1Wire(up, down)
  return read.map(([at, exchange]) => [turnOf(wire, at), exchange])
}

function turnOf(wire: Wire, at: number): number {
  let end = 0
  const chunk = wire.up.findIndex((bytes) => {
    end += bytes.length
    return at < end
  })
  return wire.turns[chunk] ?? 0
}

function readHttp1Wire(up: Buffer, down: Buffer): readonly Placed[] {
  const requests = readHttp1(up, null)
  const methods = requests.map(({ start }) => start.split(' ')[0] ?? '')
  const answers = readHttp1(down, methods)
  return requests.map((request, i): Placed => {
    const answer = answers[i]
    const exchange: TappedExchange = {
      httpVersion: '1.1',
      method: methods[i] ?? '',
      target: request.start.split(' ')[1] ?? '',
      headers: request.headers,
      body: request.body,
      status: answer === undefined ? null : Number(answer.start.split(' ')[1]),
      answerHeaders: answer?.headers ?? [],
      answer: answer?.body ?? Buffer.alloc(0),
      isWhole: answer?.isWhole ?? false,
    }
    return [request.at, exchange]
  })
}

async function readHttp2Wire(up: Buffer, down: Buffer): Promise<readonly Placed[]> {
  const exchanges = await readHttp2(up, down)
  return exchanges.map(({ at, request, answer }): Placed => {
    const pseudo = new Map(request.headers.filter(([name]) => name.startsWith(':')))
    const status = answer?.headers.find(([name]) => name === ':status')?.[1]
    const exchange: TappedExchange = {
      httpVersion: '2',
      method: pseudo.get(':method') ?? '',
      target: pseudo.get(':path') ?? '',
      headers: withoutPseudo(request.headers),
      body: request.body,
      status: status === undefined ? null : Number(status),
      answerHeaders: withoutPseudo(answer?.headers ?? []),
      answer: answer?.body ?? Buffer.alloc(0),
      isWhole: answer?.isWhole ?? false,
    }
    return [at, exchange]
  })
}

function withoutPseudo(headers: readonly HeaderPair[]): readonly HeaderPair[] {
  return headers.filter(([name]) => !name.startsWith(':'))
}
