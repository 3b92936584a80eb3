/** Serves what a SAML identity provider needs of us: assertion consumer, metadata, single logout. */
import { fail } from '../../model/errors.ts'
import { endSamlLogin, finishSamlLogin, readSamlMetadata } from '../contract/login.ts'
import type { Registrar } from '../registrar.ts'
import { finish, refused } from './login.ts'

export function samlRoutes({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(finishSamlLogin), (context) => {
    const { provider } = context.req.valid('param')
    return finish(context, parts, provider, { query: '', form: context.req.valid('form') })
  })
  app.openapi(guarded(readSamlMetadata), (context) => {
    const metadata = parts.login.samlMetadata(context.req.valid('param').provider)
    if (metadata === null) throw fail('api.not-found')
    return context.body(metadata, 200, { 'content-type': 'application/samlmetadata+xml' })
  })
  app.openapi(guarded(endSamlLogin), async (context) => {
    const { provider } = context.req.valid('param')
    const query = new URL(context.req.url).search.slice(1)
    // The answer to a logout that began here, where the login session has ended already.
    if (/(?:^|&)SAMLResponse=/.test(query)) return context.redirect('/login', 303)
    try {
      const { loginSessions, answerUrl } = await parts.login.samlLogout(provider, query)
      context.get('audit').add({ target: provider, details: { ended: loginSessions.join(' ') } })
      return context.redirect(answerUrl ?? '/login', 303)
    } catch (error) {
      return refused(context, provider, error)
    }
  })
}
