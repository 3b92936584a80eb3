/** Calls the API with the types of its contract: method, path, input and answer of a route are checked at compile time. */
import type { Problem } from '../../../src/api/contract/common.ts'

const PREFIX = '/api/v1'
const CSRF_HEADER = 'x-custody-csrf'

interface SchemaShape {
  readonly _zod: { readonly input: unknown; readonly output: unknown }
}
interface RouteShape {
  readonly method: string
  readonly path: string
  readonly request?: unknown
  readonly responses: object
}

type InputOf<Schema> = Schema extends SchemaShape ? Schema['_zod']['input'] : never
type OutputOf<Schema> = Schema extends SchemaShape ? Schema['_zod']['output'] : never

type QueryOf<Route> = Route extends { request: { query: infer Schema } } ? InputOf<Schema> : never
type BodyOf<Route> = Route extends {
  request: { body: { content: { 'application/json': { schema: infer Schema } } } }
}
  ? InputOf<Schema>
  : never
type ParamsOf<Route> = Route extends { request: { params: infer Schema } } ? InputOf<Schema> : never

type Answered<Responses, Status extends number> = Responses extends {
  [status in Status]: { content: { 'application/json': { schema: infer Schema } } }
}
  ? OutputOf<Schema>
  : never

/** What the route answers when all went well; undefined where that is 204. */
export type AnswerOf<Route extends RouteShape> = Route['responses'] extends { 204: unknown }
  ? undefined
  : Answered<Route['responses'], 200> | Answered<Route['responses'], 201>

interface Common {
  readonly signal?: AbortSignal
  readonly ifMatch?: string
}

export type CallInput<Route extends RouteShape> = Common &
  ([ParamsOf<Route>] extends [never] ? unknown : { readonly params: ParamsOf<Route> }) &
  ([QueryOf<Route>] extends [never] ? unknown : { readonly query?: QueryOf<Route> }) &
  ([BodyOf<Route>] extends [never] ? unknown : { readonly body: BodyOf<Route> })

/** An answer that is not what was asked for: the problem as the server states it, or that it could not be reached. */
class ApiProblem extends Error {
  readonly status: number
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.status = problem.status
    this.problem = problem
  }
}

export function isApiProblem(error: unknown, status?: number): error is ApiProblem {
  return error instanceof ApiProblem && (status === undefined || error.status === status)
}

type QueryValue = string | number | boolean | readonly (string | number)[] | undefined

export function queryText(query: Readonly<Record<string, QueryValue>>): string {
  const pairs = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const one of Array.isArray(value) ? value : [value]) pairs.append(name, String(one))
  }
  const text = pairs.toString()
  return text === '' ? '' : `?${text}`
}

interface LooseInput extends Common {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, QueryValue>>
  readonly body?: unknown
}

export function apiUrl(path: string, input: LooseInput = {}): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(input.params?.[name] ?? ''),
  )
  return `${PREFIX}${filled}${queryText(input.query ?? {})}`
}

export async function call<Route extends RouteShape>(
  method: Route['method'],
  path: Route['path'],
  input: CallInput<Route>,
): Promise<AnswerOf<Route>> {
  // The types above have checked each part; below they are only names and values.
  const loose = input as LooseInput
  const headers = new Headers({ accept: 'application/json' })
  if (method !== 'get') headers.set(CSRF_HEADER, '1')
  if (method === 'post') headers.set('idempotency-key', crypto.randomUUID())
  if (loose.ifMatch !== undefined) headers.set('if-match', loose.ifMatch)
  if (loose.body !== undefined) headers.set('content-type', 'application/json')
  const answer = await send(apiUrl(path, loose), {
    method: method.toUpperCase(),
    headers,
    credentials: 'same-origin',
    redirect: 'error',
    ...(loose.body === undefined ? {} : { body: JSON.stringify(loose.body) }),
    ...(loose.signal === undefined ? {} : { signal: loose.signal }),
  })
  const parsed: unknown = answer.status === 204 ? undefined : await answer.json()
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: server and console are one build over one contract
  return parsed as AnswerOf<Route>
}

/** Fetches and turns everything but 2xx into an `ApiProblem`. */
export async function send(url: string, init: RequestInit): Promise<Response> {
  let answer: Response
  try {
    answer = await fetch(url, init)
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    throw new ApiProblem(
      unstated(0, 'The gateway cannot be reached.', 'Is it running? It is asked again by itself.'),
    )
  }
  if (answer.ok) return answer
  throw new ApiProblem(await readProblem(answer))
}

async function readProblem(answer: Response): Promise<Problem> {
  const fallback = unstated(answer.status, `The gateway answered ${answer.status}.`, '')
  if (!(answer.headers.get('content-type') ?? '').includes('json')) return fallback
  try {
    const stated: unknown = await answer.json()
    return typeof stated === 'object' && stated !== null ? { ...fallback, ...stated } : fallback
  } catch {
    return fallback
  }
}

function unstated(status: number, detail: string, hint: string): Problem {
  return { type: 'about:blank', title: '', status, detail, code: '', hint, requestId: '' }
}
