/** Serves one's own access: login, logout, who one is, login sessions, API tokens. */
import type { Context } from 'hono'
import { OPERATIONS, permissionOf, reachOf } from '../../identity/permissions.ts'
import { brokenGlass, brokenGlassNow, isBreakGlass } from '../../identity/break-glass.ts'
import { ABSOLUTE_MS, BREAK_GLASS, isLive, startLoginSession } from '../../identity/signed-in.ts'
import type { SignedIn } from '../../identity/signed-in.ts'
import { mintSecret, parseSecret } from '../../identity/secret-text.ts'
import { newControlId } from '../../lib/ids.ts'
import { fail } from '../../model/errors.ts'
import type { ApiTokenRow } from '../../model/people.ts'
import type { CreatedApiToken, Me } from '../contract/access.ts'
import {
  createToken,
  listLoginMethods,
  listLoginSessions,
  listTokens,
  loginByLink,
  logout,
  readMe,
  revokeLoginSession,
  revokeToken,
} from '../contract/access.ts'
import { idempotent } from '../idempotent.ts'
import type { ApiEnv, ApiParts } from '../parts.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'
import { clearedCookie, readSessionCookie, sessionCookie } from '../session-cookie.ts'
import { shownLoginSession, shownPerson, shownToken } from '../shown.ts'

export function accessRoutes(registrar: Registrar): void {
  loginRoutes(registrar)
  loginSessionRoutes(registrar)
  tokenRoutes(registrar)
}

function loginRoutes({ app, parts, guarded }: Registrar): void {
  const { control, clock } = parts
  app.openapi(guarded(listLoginMethods), (context) =>
    context.json(
      {
        methods: [parts.linkMethod, ...parts.login.methods()].map((method) => ({
          name: method.name,
          kind: method.kind,
          title: method.title,
          startUrl: method.startUrl,
        })),
      },
      200,
    ),
  )
  app.openapi(guarded(loginByLink), async (context) => {
    const person = await parts.linkMethod.prove(context.req.valid('json').token)
    if (person === null) throw fail('api.login-refused')
    const method = isBreakGlass(parts.linkRules(), person.login) ? BREAK_GLASS : 'link'
    await endPresentedSession(context, parts)
    const { cookie, signedIn } = await startLoginSession(control, clock, {
      person,
      method,
      address: context.get('address'),
      userAgent: context.req.header('user-agent') ?? '',
    })
    context.get('audit').by(signedIn)
    context.get('audit').add({ target: signedIn.id, details: { method } })
    if (method === BREAK_GLASS) await raiseAlert(context, parts, signedIn)
    context.header('set-cookie', sessionCookie(cookie, ABSOLUTE_MS))
    return context.json(await me(parts, signedIn), 200)
  })
  app.openapi(guarded(logout), async (context) => {
    const who = context.get('signedIn')
    context.get('audit').add({ target: who.id })
    if (who.authentication === 'login-session') {
      await control.loginSessions.end(who.id, clock.nowMs())
    }
    context.header('set-cookie', clearedCookie())
    const cookie = readSessionCookie(context.req.header('cookie'))
    const continueUrl = cookie === null ? null : await parts.login.logoutUrl(who.id, cookie)
    return context.json({ continueUrl }, 200)
  })
  app.openapi(guarded(readMe), async (context) =>
    context.json(await me(parts, context.get('signedIn')), 200),
  )
}

/** What a browser carried before a login ends with it. */
export async function endPresentedSession(
  context: Context<ApiEnv>,
  parts: ApiParts,
): Promise<void> {
  const cookie = readSessionCookie(context.req.header('cookie'))
  const digest = cookie === null ? null : parseSecret('cls_', cookie)
  const session = digest === null ? null : await parts.control.loginSessions.byHash(digest)
  if (session !== null) await parts.control.loginSessions.end(session.id, parts.clock.nowMs())
}

/** Seen at once by whoever watches: in the log, in evidence, and as a banner over every page of the console. */
async function raiseAlert(
  context: Context<ApiEnv>,
  parts: ApiParts,
  { person, id }: SignedIn,
): Promise<void> {
  const address = context.get('address')
  parts.alert('break-glass account used', { login: person.login, address })
  const event = brokenGlass(person, { atMs: parts.clock.nowMs(), address, loginSession: id })
  // The glass is broken when things are down; a full disk must not keep the admin outside.
  parts.note(event).catch((error: unknown) => parts.onFault('break-glass not noted', error))
}

/** For whom a broken glass is a matter to look into. */
async function glassOf(parts: ApiParts, who: SignedIn): Promise<Me['breakGlass']> {
  if (!who.roles.includes('admin') && !who.roles.includes('auditor')) return []
  const broken = await brokenGlassNow(parts.control.loginSessions, parts.clock)
  if (broken.length === 0) return []
  const logins = new Map((await parts.control.people.list()).map(({ id, login }) => [id, login]))
  return broken.map(({ person, sinceMs }) => ({ login: logins.get(person) ?? '', sinceMs }))
}

async function me(parts: ApiParts, who: SignedIn): Promise<Me> {
  const may: Me['may'] = {}
  for (const operation of OPERATIONS) {
    const reach = permissionOf(operation).isPublic === true ? null : reachOf(operation, who.roles)
    if (reach !== null) may[operation] = reach
  }
  return {
    person: shownPerson(who.person, await parts.approvals.memberships()),
    roles: [...who.roles],
    may,
    authentication: who.authentication,
    loginSession: who.authentication === 'login-session' ? who.id : null,
    idleExpiresAtMs: who.idleExpiresAtMs,
    expiresAtMs: who.expiresAtMs,
    breakGlass: await glassOf(parts, who),
  }
}

function loginSessionRoutes({ app, parts, guarded }: Registrar): void {
  const { control, clock } = parts
  app.openapi(guarded(listLoginSessions), async (context) => {
    const who = context.get('signedIn')
    const person = context.get('reach') === 'all' ? null : who.person.id
    const nowMs = clock.nowMs()
    const sessions = await control.loginSessions.active(person, nowMs)
    const names = new Map((await control.people.list()).map((one) => [one.id, one.login]))
    return context.json(
      {
        items: sessions
          .filter((session) => isLive(session, nowMs))
          .map((session) => shownLoginSession(session, names.get(session.person) ?? '', who.id)),
      },
      200,
    )
  })
  app.openapi(guarded(revokeLoginSession), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    const session = await control.loginSessions.byId(id)
    const isMine = session?.person === context.get('signedIn').person.id
    if (session === null || (context.get('reach') === 'own' && !isMine)) throw fail('api.not-found')
    if (!(await control.loginSessions.end(id, clock.nowMs()))) throw fail('api.not-found')
    return context.body(null, 204)
  })
}

function tokenRoutes({ app, parts, guarded }: Registrar): void {
  const { control, clock } = parts
  app.openapi(guarded(listTokens), async (context) => {
    const nowMs = clock.nowMs()
    const rows = await control.tokens.ofPerson(context.get('signedIn').person.id)
    return context.json({ items: rows.map((row) => shownToken(row, nowMs)) }, 200)
  })
  app.openapi(guarded(createToken), async (context) => {
    const wanted = context.req.valid('json')
    const who = context.get('signedIn')
    if (wanted.name.trim() === '') {
      throw new InvalidRequest([{ path: 'name', message: 'is empty' }])
    }
    // In force, not held: a token must not be able to make a stronger one.
    if (wanted.roles.some((role) => !who.roles.includes(role))) throw fail('api.own-roles')
    const nowMs = clock.nowMs()
    const created = await idempotent<CreatedApiToken>(context, parts, 'tokens.create', async () => {
      const secret = mintSecret('cpt_')
      const row: ApiTokenRow = {
        id: newControlId('tok', nowMs),
        hash: secret.hash,
        hint: secret.hint,
        person: who.person.id,
        name: wanted.name.trim(),
        roles: [...new Set(wanted.roles)],
        createdAtMs: nowMs,
        expiresAtMs: nowMs + wanted.expiresInMs,
        lastUsedAtMs: null,
        revokedAtMs: null,
      }
      await control.tokens.insert(row)
      const token = shownToken(row, nowMs)
      return { answer: { token, text: secret.text }, stored: { token, text: null } }
    })
    context.get('audit').add({
      target: created.token.id,
      details: { roles: created.token.roles.join(' ') },
    })
    return context.json(created, 201)
  })
  app.openapi(guarded(revokeToken), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    const token = await control.tokens.byId(id)
    const isMine = token?.person === context.get('signedIn').person.id
    if (token === null || (context.get('reach') === 'own' && !isMine)) throw fail('api.not-found')
    if (!(await control.tokens.revoke(id, clock.nowMs()))) throw fail('api.not-found')
    return context.body(null, 204)
  })
}
