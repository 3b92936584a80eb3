/** Serves logins at identity providers: out to the provider, back with its answer, in with a login session. */
import type { Context } from 'hono'
import { ATTEMPT_MS } from '../../identity/login/login-attempt.ts'
import { LoginRefused } from '../../identity/login/provider.ts'
import type { ProviderAnswer } from '../../identity/login/provider.ts'
import { keepHint } from '../../identity/login/session-hint.ts'
import { ABSOLUTE_MS, startLoginSession } from '../../identity/signed-in.ts'
import { fail } from '../../model/errors.ts'
import { finishLogin, startLogin } from '../contract/login.ts'
import type { ApiEnv, ApiParts } from '../parts.ts'
import type { Registrar } from '../registrar.ts'
import { loginCookie, readLoginCookie, sessionCookie } from '../session-cookie.ts'
import { endPresentedSession } from './access.ts'

export function loginRoutes({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(startLogin), async (context) => {
    const { provider } = context.req.valid('param')
    try {
      const begun = await parts.login.begin(provider, context.req.valid('query').next ?? '')
      if (begun === null) throw fail('api.not-found')
      context.header('set-cookie', loginCookie(begun.cookie, ATTEMPT_MS))
      return context.redirect(begun.url, 303)
    } catch (error) {
      return refused(context, provider, error)
    }
  })
  app.openapi(guarded(finishLogin), async (context) => {
    const { provider } = context.req.valid('param')
    const query = new URL(context.req.url).search
    return finish(context, parts, provider, { query, form: {} })
  })
}

/** The browser ends on a page of the console either way. */
export async function finish(
  context: Context<ApiEnv>,
  parts: ApiParts,
  provider: string,
  answer: ProviderAnswer,
): Promise<Response> {
  const { control, clock } = parts
  context.header('set-cookie', loginCookie('', 0), { append: true })
  try {
    const cookie = readLoginCookie(context.req.header('cookie'))
    const done = await parts.login.finish(provider, cookie, answer)
    await endPresentedSession(context, parts)
    const session = await startLoginSession(control, clock, {
      person: done.person,
      method: done.method,
      address: context.get('address'),
      userAgent: context.req.header('user-agent') ?? '',
    })
    await keepHint(control.loginHints, {
      session: session.signedIn.id,
      cookie: session.cookie,
      provider,
      proven: done.proven,
    })
    context.get('audit').by(session.signedIn)
    context.get('audit').add({
      target: session.signedIn.id,
      details: {
        method: done.method,
        issuer: done.proven.issuer,
        subject: done.proven.subject,
        roles: done.person.roles.join(' '),
      },
    })
    context.header('set-cookie', sessionCookie(session.cookie, ABSOLUTE_MS), { append: true })
    return context.redirect(done.next, 303)
  } catch (error) {
    return refused(context, provider, error)
  }
}

export async function refused(
  context: Context<ApiEnv>,
  provider: string,
  error: unknown,
): Promise<Response> {
  if (!(error instanceof LoginRefused)) throw error
  const { problem, detail } = error
  context.get('audit').add({ target: provider, details: { problem, detail } })
  await context.get('audit').ended('denied')
  return context.redirect(`/login?problem=${problem}&provider=${encodeURIComponent(provider)}`, 303)
}
