/** Starts the built-in upstream: a real HTTP server that speaks every provider's dialect and answers from a script. */
import { crc32 } from 'node:zlib'
import type { Clock } from '../lib/clock.ts'
import { systemClock } from '../lib/clock.ts'
import type { Answer } from './answer.ts'
import { bytesAnswer } from './answer.ts'
import type { Call, SandboxDialect } from './call.ts'
import { controlAnswer } from './control.ts'
import { deliver } from './deliver.ts'
import type { JsonObject } from './json.ts'
import { isObject, parseJson, textIn } from './json.ts'
import { formField } from './form-field.ts'
import { listen } from './listener.ts'
import type { Incoming, Outgoing } from './listener.ts'
import { Outlet } from './outlet.ts'
import { receiveBody } from './receive-body.ts'
import type { Entry, HeaderPair, ReceivedRequest } from './received-log.ts'
import { ReceivedLog } from './received-log.ts'
import { refuse } from './refuse.ts'
import { matchRoute } from './match-route.ts'
import type { RouteMatch } from './match-route.ts'
import type { Route } from './routes.ts'
import type { Script } from './script.ts'
import { readScript, SCRIPT_HEADER } from './script.ts'
import { failureOf } from './scripted-answer.ts'

export interface SandboxOptions {
  /** 0, the default, picks a free port. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Knobs for every request; the header `x-sandbox-script` overrides them. */
  readonly script?: Script
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
  readonly defaults: Script
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
  const { answer, script, dialect, requestId } = answerTo(desk, {
    incoming,
    method,
    path,
    query,
    seq,
    body,
  })
  await deliver({
    outlet,
    answer,
    script,
    entry,
    clock: desk.clock,
    requestIdHeader: requestIdHeader(dialect, requestId),
  })
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

interface Question {
  readonly incoming: Incoming
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly seq: number
  readonly body: Buffer | 'too-large'
}

interface Reply {
  readonly answer: Answer
  readonly script: Script
  readonly dialect: SandboxDialect
  readonly requestId: string
}

function answerTo(desk: Desk, question: Question): Reply {
  const { incoming, method, path, query, seq } = question
  const likely = likelyDialect(incoming, query)
  const match = matchRoute({ method, path, likely })
  const dialect = match.kind === 'route' ? match.route.dialect : match.dialect
  const requestId = requestIdOf(dialect, seq)
  const refused = (status: number, message: string) =>
    refuse(dialect, { status, message, requestId })
  const reading = readScript(headerOf(incoming, SCRIPT_HEADER), desk.defaults)
  if (reading.kind === 'problem') {
    return { answer: refused(400, reading.message), script: {}, dialect, requestId }
  }
  const { script } = reading
  const answer =
    script.status !== undefined && script.status >= 400
      ? refused(script.status, `The sandbox was told to fail with ${script.status}.`)
      : routedAnswer(match, { question, script, refused })
  return { answer, script, dialect, requestId }
}

interface Routing {
  readonly question: Question
  readonly script: Script
  readonly refused: Call['refuse']
}

function routedAnswer(match: RouteMatch, { question, script, refused }: Routing): Answer {
  const { incoming, method, path, query, body } = question
  if (match.kind === 'unknown') {
    if (path === '/' && (method === 'GET' || method === 'HEAD')) return greeting(method)
    return refused(match.status, `The sandbox does not know ${method} ${path}`)
  }
  const { route, params } = match
  if (body === 'too-large' && route.body === 'json') return refused(413, 'The body is too large.')
  const bytes = body === 'too-large' ? Buffer.alloc(0) : body
  const json = jsonOf(route, bytes)
  if (json === null) return refused(400, 'The body is not a JSON object.')
  const status = failureOf(params['model'] ?? params['deployment'] ?? textIn(json['model']))
  if (status !== null)
    return refused(status, `The sandbox fails with ${status}, as the model name asks.`)
  return route.answer({
    params,
    query,
    header: (name) => headerOf(incoming, name),
    body: bytes,
    json,
    script,
    id: crc32(bytes).toString(16).padStart(8, '0') + bytes.length.toString(16).padStart(8, '0'),
    refuse: refused,
  })
}

function greeting(method: string): Answer {
  const text = method === 'HEAD' ? '' : 'The Custody sandbox is running.\n'
  return bytesAnswer('text/plain; charset=utf-8', Buffer.from(text))
}

/** Null when a JSON body is demanded and there is none; of a form only the model matters here. */
function jsonOf(route: Route, body: Buffer): JsonObject | null {
  if (route.body === 'none') return {}
  if (route.body === 'form') return { model: formField(body, 'model') ?? '' }
  const value = parseJson(body.toString())
  return isObject(value) ? value : null
}

function headerOf(incoming: Incoming, name: string): string | undefined {
  const value = incoming.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function likelyDialect(incoming: Incoming, query: URLSearchParams): SandboxDialect {
  if (headerOf(incoming, 'anthropic-version') !== undefined) return 'anthropic'
  if (headerOf(incoming, 'x-goog-api-key') !== undefined || query.has('key')) return 'gemini'
  return 'openai'
}

function requestIdOf(dialect: SandboxDialect, seq: number): string {
  const digits = seq.toString(16).padStart(12, '0')
  return dialect === 'bedrock' ? `00000000-0000-4000-8000-${digits}` : `req_sandbox${digits}`
}

const REQUEST_ID_HEADERS: Readonly<Record<SandboxDialect, string | null>> = {
  openai: 'x-request-id',
  anthropic: 'request-id',
  gemini: null,
  bedrock: 'x-amzn-requestid',
  ollama: null,
}

function requestIdHeader(dialect: SandboxDialect, id: string): HeaderPair | null {
  const name = REQUEST_ID_HEADERS[dialect]
  return name === null ? null : [name, id]
}
