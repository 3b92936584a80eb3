/** Calls the control plane by its contract: what is sent and what comes back is checked against the same routes it serves. */
import type { z } from '@hono/zod-openapi'
import { API_PREFIX, Problem } from '../../api/contract/common.ts'
import { pause } from '../pause.ts'
import { EXIT } from '../output.ts'
import { RemoteFailure } from './remote-failure.ts'

interface JsonAnswer<Schema> {
  readonly content: { readonly 'application/json': { readonly schema: Schema } }
}

/** A route of the contract that answers with JSON. */
export interface JsonRoute<Schema> {
  readonly method: string
  readonly path: string
  readonly responses: { readonly 200: JsonAnswer<Schema> } | { readonly 201: JsonAnswer<Schema> }
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface Ask {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Query
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Ends the call before its answer. */
  readonly signal?: AbortSignal
}

/** Sends a request: over the network, or to an API in this process. */
export type Send = (target: string, init: RequestInit) => Promise<Response>

export interface ApiClient {
  readonly baseUrl: string
  /** Throws `RemoteFailure` for everything but the answer the route promises. */
  readonly call: <Schema extends z.ZodType>(
    route: JsonRoute<Schema>,
    ask?: Ask,
  ) => Promise<z.infer<Schema>>
  /** For a route that answers with nothing. */
  readonly end: (
    route: { readonly method: string; readonly path: string },
    ask?: Ask,
  ) => Promise<void>
  /** An answer that goes on until `signal` aborts or the server ends it. */
  readonly open: (
    route: { readonly path: string },
    ask: {
      readonly params?: Readonly<Record<string, string>>
      readonly query?: Query
      readonly headers?: Readonly<Record<string, string>>
      /** Makes it a POST. */
      readonly body?: unknown
    },
    signal: AbortSignal,
  ) => Promise<Response>
}

const TIMEOUT_MS = 30_000
const ATTEMPTS_MAX = 5
const RETRY_AFTER_MAX_S = 30

export function createApiClient(baseUrl: string, token: string, by: Send = fetch): ApiClient {
  const send = async (
    target: string,
    init: { readonly method: string; readonly headers?: object; readonly body?: string },
    signal: AbortSignal,
  ): Promise<Response> => {
    try {
      return await by(baseUrl + API_PREFIX + target, {
        ...init,
        signal,
        // Threat: a redirect could lead the token to another server, or out of TLS.
        redirect: 'manual',
        headers: { ...init.headers, authorization: `Bearer ${token}` },
      })
    } catch (error) {
      throw signal.aborted && !isTimeout(signal) ? error : unreachable(baseUrl, error)
    }
  }
  const textOf = async (
    route: { readonly method: string; readonly path: string },
    ask: Ask,
  ): Promise<string> => {
    const init = {
      method: route.method.toUpperCase(),
      headers: {
        accept: 'application/json',
        ...ask.headers,
        ...(ask.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body) }),
    }
    const target = targetOf(route.path, ask)
    for (let attempt = 1; ; attempt += 1) {
      const inTime = AbortSignal.timeout(TIMEOUT_MS)
      const signal = ask.signal === undefined ? inTime : AbortSignal.any([inTime, ask.signal])
      const answer = await send(target, init, signal)
      const text = await answer.text().catch((error: unknown) => {
        throw unreachable(baseUrl, error)
      })
      if (answer.ok) return text
      const waitS = Number(answer.headers.get('retry-after') ?? 'none')
      const isPatient = answer.status === 429 && waitS <= RETRY_AFTER_MAX_S
      if (!isPatient || attempt === ATTEMPTS_MAX) throw refused(answer.status, text, baseUrl)
      await pause(waitS * 1000, ask.signal ?? new AbortController().signal)
    }
  }
  return {
    baseUrl,
    call: async (route, ask = {}) => checked(schemaOf(route), await textOf(route, ask), baseUrl),
    end: async (route, ask = {}) => {
      await textOf(route, ask)
    },
    open: async (route, { params = {}, query = {}, headers, body }, signal) => {
      const init =
        body === undefined
          ? { method: 'GET', headers: { accept: 'text/event-stream', ...headers } }
          : {
              method: 'POST',
              headers: { 'content-type': 'application/json', ...headers },
              body: JSON.stringify(body),
            }
      const answer = await send(targetOf(route.path, { params, query }), init, signal)
      if (answer.ok) return answer
      throw refused(answer.status, await answer.text().catch(() => ''), baseUrl)
    },
  }
}

/** The same control plane, with headers on every call, which ends when the signal says so. */
export function withHeaders(
  api: ApiClient,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): ApiClient {
  const added = <One extends { readonly headers?: Readonly<Record<string, string>> }>(
    ask: One,
  ) => ({
    ...ask,
    headers: { ...ask.headers, ...headers },
  })
  const until = signal === undefined ? {} : { signal }
  return {
    baseUrl: api.baseUrl,
    call: (route, ask = {}) => api.call(route, { ...added(ask), ...until }),
    end: (route, ask = {}) => api.end(route, { ...added(ask), ...until }),
    open: (route, ask, signal) => api.open(route, added(ask), signal),
  }
}

function schemaOf<Schema>({ responses }: JsonRoute<Schema>): Schema {
  const { content } = '200' in responses ? responses[200] : responses[201]
  return content['application/json'].schema
}

function targetOf(path: string, { params = {}, query = {} }: Ask): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  )
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.append(name, String(value))
  }
  return search.size === 0 ? filled : `${filled}?${search.toString()}`
}

/** Throws `RemoteFailure` for what the contract does not describe. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  baseUrl: string,
): z.infer<Schema> {
  const reading = schema.safeParse(jsonOf(text))
  if (reading.success) return reading.data
  throw foreign(`${baseUrl} answers in a form that this version does not know`, 200)
}

/** Problem details become an error with its hint; the exit code is the one the same mistake has locally. */
function refused(status: number, text: string, baseUrl: string): RemoteFailure {
  const reading = Problem.safeParse(jsonOf(text))
  if (!reading.success) return foreign(`${baseUrl} answers with status ${status}`, status)
  const { code, detail, hint, errors = [] } = reading.data
  if (status === 401) {
    return new RemoteFailure(
      `${baseUrl} does not accept the token (${code})`,
      'it is wrong, expired or revoked; make another in the console under API tokens',
      { status },
    )
  }
  const fields = errors.map(({ path, message }) => `${path} ${message}`).join('; ')
  return new RemoteFailure(
    `${detail} (${code})${fields === '' ? '' : `: ${fields}`}`,
    code === 'api.reveal-required' ? 'add --reveal --reason TEXT; investigators may' : hint,
    {
      status,
      exit: status === 404 ? EXIT.notFound : status === 422 ? EXIT.usage : EXIT.failed,
    },
  )
}

function foreign(message: string, status: number): RemoteFailure {
  return new RemoteFailure(
    message,
    'check that --server names the control plane (8081 unless configured), not the port for callers',
    { status },
  )
}

export function unreachable(baseUrl: string, error: unknown): RemoteFailure {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const name = cause instanceof Error ? cause.message : String(cause)
  return new RemoteFailure(
    `${baseUrl} cannot be reached: ${/^[A-Z_]{3,}$/.test(code) ? code : name}`,
    'check --server, and that the gateway runs',
  )
}

function isTimeout(signal: AbortSignal): boolean {
  return signal.reason instanceof Error && signal.reason.name === 'TimeoutError'
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
