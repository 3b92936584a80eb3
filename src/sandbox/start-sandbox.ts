/** Starts the built-in upstream: a real HTTP server that speaks every provider's dialect and answers from a script. */
import type { Clock } from '../lib/clock.ts'
import { systemClock } from '../lib/clock.ts'
import { answerTo } from './answer-to.ts'
import { controlAnswer } from './control.ts'
import { deliver } from './deliver.ts'
import { listen } from './listener.ts'
import type { Incoming, Outgoing } from './listener.ts'
import { Outlet } from './outlet.ts'
import { receiveBody } from './receive-body.ts'
import type { Entry, HeaderPair, ReceivedRequest } from './received-log.ts'
import { ReceivedLog } from './received-log.ts'
import type { Script } from './script.ts'

export interface SandboxOptions {
  /** 0, the default, picks a free port. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Knobs for every request, or for each by its body; the header `x-sandbox-script` overrides them. */
  readonly script?: Script | ((body: string) => Script)
  /** False switches off `/__received`, so that a benchmark measures something else. Default true. */
  readonly record?: boolean
  readonly clock?: Clock
}

export interface Sandbox extends AsyncDisposable {
  /** Origin without trailing slash. */
  readonly url: string
  readonly port: number
  /** Newest last. */
  readonly received: () => readonly ReceivedRequest[]
  /** The exact answer body bytes sent for that request, without transfer framing. Throws when they are not known. */
  readonly answerOf: (seq: number) => Buffer
  readonly clear: () => void
}

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', record = true, clock = systemClock } = options
  const log = new ReceivedLog()
  const desk: Desk = { log, isRecording: record, clock, defaults: options.script ?? {} }
  const listener = await listen(host, options.port ?? 0, (incoming, outgoing) => {
    void serve(desk, incoming, outgoing)
  })
  const { port } = listener
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    received: () => log.list(),
    answerOf: (seq) => {
      const entry = log.find(seq)
      if (entry === null || !entry.answer.isKept) throw new Error(`no answer is kept for ${seq}`)
      return entry.answer.content()
    },
    clear: () => log.clear(),
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

interface Desk {
  readonly log: ReceivedLog
  readonly isRecording: boolean
  readonly clock: Clock
  readonly defaults: Script | ((body: string) => Script)
}

const TARGET = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?/

async function serve(desk: Desk, incoming: Incoming, outgoing: Outgoing): Promise<void> {
  const outlet = new Outlet(outgoing)
  const method = incoming.method ?? 'GET'
  const [, path = '/', search = ''] = TARGET.exec(incoming.url ?? '/') ?? []
  const query = new URLSearchParams(search)
  const control = controlAnswer(desk.log, { method, path, query })
  if (control !== null) {
    incoming.resume()
    await deliver({
      outlet,
      answer: control,
      script: {},
      entry: null,
      clock: desk.clock,
      requestIdHeader: null,
    })
    return
  }
  const seq = desk.log.nextSeq()
  const entry = desk.isRecording ? desk.log.begin(seq, startOf(incoming, desk.clock)) : null
  outgoing.once('close', () => {
    if (entry === null) return
    entry.isFinished = outlet.isFinished
    entry.isAborted ||= !outlet.isFinished
  })
  const body = await receiveBody(incoming, entry?.request ?? null)
  if (body === null) return
  const question = { incoming, method, path, query, seq, body }
  const { defaults } = desk
  const script =
    typeof defaults === 'function'
      ? defaults(body === 'too-large' ? '' : body.toString('utf8'))
      : defaults
  const reply = answerTo(question, script)
  await deliver({ outlet, entry, clock: desk.clock, ...reply })
}

function startOf(incoming: Incoming, clock: Clock): Entry['start'] {
  const headers: HeaderPair[] = []
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.push([incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? ''])
  }
  return {
    method: incoming.method ?? 'GET',
    path: incoming.url ?? '/',
    httpVersion: incoming.httpVersion,
    headers,
    startedAt: clock.monotonicMs(),
  }
}
