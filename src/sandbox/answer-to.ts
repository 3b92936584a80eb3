/** Turns one received request into the answer to deliver: route, script, body, failure by model name, renderer. */
import { crc32 } from 'node:zlib'
import type { Answer } from './answer.ts'
import { bytesAnswer } from './answer.ts'
import type { Call, SandboxDialect } from './call.ts'
import { formField } from './form-field.ts'
import type { JsonObject } from './json.ts'
import { isObject, parseJson, textIn } from './json.ts'
import type { Incoming } from './listener.ts'
import { matchRoute } from './match-route.ts'
import type { RouteMatch } from './match-route.ts'
import type { HeaderPair } from './received-log.ts'
import { refuse } from './refuse.ts'
import type { Route } from './routes.ts'
import type { Script } from './script.ts'
import { readScript, SCRIPT_HEADER } from './script.ts'
import { failureOf } from './scripted-answer.ts'

export interface Question {
  readonly incoming: Incoming
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly seq: number
  readonly body: Buffer | 'too-large'
}

export interface Reply {
  readonly answer: Answer
  readonly script: Script
  readonly requestIdHeader: HeaderPair | null
}

/** Finds the route, heeds the script, and renders the answer; every failure has the shape of the dialect. */
export function answerTo(question: Question, defaults: Script): Reply {
  const { incoming, method, path, query, seq } = question
  const likely = likelyDialect(incoming, query)
  const match = matchRoute({ method, path, likely })
  const dialect = match.kind === 'route' ? match.route.dialect : match.dialect
  const requestId = requestIdOf(dialect, seq)
  const requestIdHeader = headerFor(dialect, requestId)
  const refused = (status: number, message: string) =>
    refuse(dialect, { status, message, requestId })
  const reading = readScript(headerOf(incoming, SCRIPT_HEADER), defaults)
  if (reading.kind === 'problem') {
    return { answer: refused(400, reading.message), script: {}, requestIdHeader }
  }
  const { script } = reading
  const answer =
    script.status !== undefined && script.status >= 400
      ? refused(script.status, `The sandbox was told to fail with ${script.status}.`)
      : renderedAnswer(match, { question, script, refused })
  return { answer, script, requestIdHeader }
}

interface Routing {
  readonly question: Question
  readonly script: Script
  readonly refused: Call['refuse']
}

/** JSON nested deeper than the stack, for one, must not end the sandbox. */
function renderedAnswer(match: RouteMatch, routing: Routing): Answer {
  try {
    return routedAnswer(match, routing)
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown'
    return routing.refused(500, `The sandbox failed: ${message}`)
  }
}

function routedAnswer(match: RouteMatch, { question, script, refused }: Routing): Answer {
  const { incoming, method, path, query, body } = question
  if (match.kind === 'root') return greeting(method)
  if (match.kind === 'unknown') {
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
  // The gateway strips credentials, so the SDK's own name must do where `x-goog-api-key` is gone.
  const names = ['x-goog-api-key', 'x-goog-api-client']
  const isGoogle = names.some((name) => headerOf(incoming, name) !== undefined)
  return isGoogle || query.has('key') ? 'gemini' : 'openai'
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

function headerFor(dialect: SandboxDialect, id: string): HeaderPair | null {
  const name = REQUEST_ID_HEADERS[dialect]
  return name === null ? null : [name, id]
}
