/** Gets a caller token: the kept one while it lasts, a refreshed one, or a new one after a yes in the console. */
import { hostname, userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { API_PREFIX, CSRF_HEADER } from '../../api/contract/common.ts'
import { CallerToken, pollDeviceLogin, startDeviceLogin } from '../../api/contract/devices.ts'
import { alone, readKept, writeKept } from './token-cache.ts'
import type { KeptToken } from './token-cache.ts'

/** A helper hands out nothing that ends while a request is on its way. */
const LEFT_MS = 5 * 60 * 1000

export interface TokenRequest {
  readonly server: string
  readonly folder: string
  /** Asks for a new token even when the kept one would do. */
  readonly isFresh: boolean
  /** Shows the person where to say yes; null where nobody can be asked. */
  readonly ask: ((login: { readonly userCode: string; readonly url: string }) => void) | null
}

export type TokenResult =
  | { readonly kind: 'token'; readonly kept: KeptToken }
  | { readonly kind: 'login-needed' | 'denied' | 'expired' }
  | { readonly kind: 'unreachable'; readonly reason: string }

export async function callerToken(request: TokenRequest): Promise<TokenResult> {
  const { folder, server } = request
  return alone(folder, async () => {
    const kept = readKept(folder, server)
    if (kept !== null && !request.isFresh && kept.expiresAtMs - Date.now() > LEFT_MS)
      return { kind: 'token', kept }
    try {
      const renewed = kept === null ? null : await refresh(server, kept)
      if (renewed !== null) return keep(request, renewed)
      return request.ask === null ? { kind: 'login-needed' } : await logIn(request, request.ask)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return { kind: 'unreachable', reason }
    }
  })
}

function keep({ folder, server }: TokenRequest, kept: KeptToken): TokenResult {
  writeKept(folder, server, kept)
  return { kind: 'token', kept }
}

async function refresh(server: string, { grant }: KeptToken): Promise<KeptToken | null> {
  const { status, body } = await post(server, '/device-logins/refresh', { grant })
  if (status === 401) return null
  if (status !== 200) throw new Error(`the control plane answered ${status}`)
  return { grant, ...CallerToken.parse(body) }
}

async function logIn(
  request: TokenRequest,
  ask: NonNullable<TokenRequest['ask']>,
): Promise<TokenResult> {
  const { server } = request
  const client = `${userInfo().username} on ${hostname()}`.slice(0, 80)
  const begun = await post(server, '/device-logins', { client })
  if (begun.status !== 201) throw new Error(`the control plane answered ${begun.status}`)
  const login = startDeviceLogin.responses[201].content['application/json'].schema.parse(begun.body)
  ask({ userCode: login.userCode, url: login.verificationUrl })
  while (Date.now() < login.expiresAtMs) {
    await sleep(login.intervalMs)
    const { status, body } = await post(server, '/device-logins/poll', {
      deviceCode: login.deviceCode,
    })
    if (status === 429) continue
    if (status !== 200) throw new Error(`the control plane answered ${status}`)
    const poll = pollDeviceLogin.responses[200].content['application/json'].schema.parse(body)
    if (poll.state === 'pending') continue
    if (poll.state !== 'approved' || poll.grant === null || poll.token === null)
      return { kind: poll.state === 'denied' ? 'denied' : 'expired' }
    return keep(request, { grant: poll.grant, ...poll.token })
  }
  return { kind: 'expired' }
}

async function post(
  server: string,
  path: string,
  body: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await fetch(server + API_PREFIX + path, {
    method: 'POST',
    redirect: 'error',
    headers: { 'content-type': 'application/json', [CSRF_HEADER]: '1' },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  try {
    return { status: answer.status, body: JSON.parse(text) }
  } catch {
    return { status: answer.status, body: null }
  }
}
