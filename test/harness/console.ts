/** People of every role at a running gateway, each with a token, all made over HTTP as an admin would make them. */
import assert from 'node:assert/strict'
import { parseLoose } from '../../src/lib/json/loose.ts'
import type { Role } from '../../src/model/people.ts'
import { ROLES } from '../../src/model/people.ts'
import type { TestGateway, TestGatewayOptions } from './gateway.ts'
import { startGateway } from './gateway.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Parsed JSON, or null. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers freely
  readonly body: any
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>

export interface TestConsole extends AsyncDisposable {
  readonly gateway: TestGateway
  readonly api: string
  readonly admin: Call
  /** Cookie header of the first admin. */
  readonly adminCookie: string
  /** Logs a new person in; gives their cookie header. */
  readonly person: (login: string, roles: readonly Role[]) => Promise<TestPerson>
  /** A call of nobody. */
  readonly stranger: Call
  /** Sends one chat through the gateway; resolves with the exchange id when it is indexed. */
  readonly chat: (text: string, options?: ChatOptions) => Promise<string>
  readonly keyFor: (owner: string) => Promise<string>
}

export interface TestPerson {
  readonly id: string
  readonly cookie: string
  readonly token: string
  readonly call: Call
  readonly byCookie: Call
}

export interface ChatOptions {
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly stream?: boolean
  readonly model?: string
}

export function caller(api: string, headers: Readonly<Record<string, string>>): Call {
  return async (method, path, options = {}) => {
    const answer = await fetch(api + path, {
      method,
      redirect: 'manual',
      headers: {
        ...headers,
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined
        ? {}
        : {
            body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body),
          }),
    })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, text, body: parseLoose(text) }
  }
}

export const CSRF = { 'x-custody-csrf': '1' }

export function tokenOf(loginUrl: string): string {
  const token = new URL(loginUrl).hash.replace('#token=', '')
  assert.match(token, /^cll_/)
  return token
}

export async function logIn(api: string, loginUrl: string): Promise<string> {
  const answer = await caller(api, CSRF)('POST', '/login/link', {
    body: { token: tokenOf(loginUrl) },
  })
  assert.equal(answer.status, 200, answer.text)
  return answer.headers.getSetCookie()[0]!.split(';')[0]!
}

export interface TestConsoleOptions extends TestGatewayOptions {
  /** Of somebody who was logged in before a restart: acts in place of the first admin. */
  readonly token?: string
}

export async function startConsole(options: TestConsoleOptions = {}): Promise<TestConsole> {
  const gateway = await startGateway(options)
  const api = `${gateway.adminUrl}/api/v1`
  const { loginUrl } = gateway.app
  const adminCookie = options.token === undefined ? await logIn(api, loginUrl ?? '') : ''
  const admin = caller(
    api,
    options.token === undefined
      ? { cookie: adminCookie, ...CSRF }
      : { authorization: `Bearer ${options.token}` },
  )
  const chat: TestConsole['chat'] = async (text, options = {}) => {
    const answer = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${options.key ?? gateway.key}`,
        'content-type': 'application/json',
        ...options.headers,
      },
      body: JSON.stringify({
        model: options.model ?? 'echo',
        stream: options.stream ?? false,
        messages: [{ role: 'user', content: text }],
      }),
    })
    await answer.arrayBuffer()
    const id = answer.headers.get('x-custody-exchange')
    assert.ok(id !== null)
    await gateway.app.evidence.flush()
    return id
  }
  return {
    gateway,
    api,
    admin,
    adminCookie,
    stranger: caller(api, {}),
    person: (login, roles) => addPerson(api, admin, login, roles),
    chat,
    keyFor: async (owner) => {
      const made = await admin('POST', '/keys', { body: { name: `of ${owner}`, owner } })
      assert.equal(made.status, 201, made.text)
      return made.body.text
    },
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

async function addPerson(
  api: string,
  admin: Call,
  login: string,
  roles: readonly Role[],
): Promise<TestPerson> {
  const made = await admin('POST', '/people', { body: { login, roles } })
  assert.equal(made.status, 201, made.text)
  const { id } = made.body
  const link = await admin('POST', `/people/${id}/login-link`)
  assert.equal(link.status, 201, link.text)
  const cookie = await logIn(api, link.body.loginUrl)
  const byCookie = caller(api, { cookie, ...CSRF })
  const token = await byCookie('POST', '/tokens', { body: { name: 'test', roles } })
  assert.equal(token.status, 201, token.text)
  return {
    id,
    cookie,
    token: token.body.text,
    byCookie,
    call: caller(api, { authorization: `Bearer ${token.body.text}` }),
  }
}

/** One person for each role. */
export async function peopleOfAllRoles(
  console: TestConsole,
): Promise<ReadonlyMap<Role, TestPerson>> {
  const people = new Map<Role, TestPerson>()
  for (const role of ROLES) people.set(role, await console.person(`the ${role}`, [role]))
  return people
}
