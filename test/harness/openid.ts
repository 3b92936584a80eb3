/** A real OpenID provider on loopback, with people who have groups; its login page is one form. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

export interface OpenIdPerson {
  readonly sub: string
  readonly claims: Readonly<Record<string, unknown>>
}

export interface OpenId extends AsyncDisposable {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly people: Map<string, OpenIdPerson>
  /** Tells it where the console is; nobody can log in before. */
  readonly serve: (consoleUrl: string, names: readonly string[]) => void
  /** Changes answers on their way out, for providers that do what they must not. */
  tamper: ((path: string, body: Record<string, unknown>) => Record<string, unknown>) | null
}

const CLIENT_ID = 'custody-console'
const CLIENT_SECRET = 'a-secret-of-the-test-client-0123456789'

export async function startOpenId(): Promise<OpenId> {
  const people = new Map<string, OpenIdPerson>()
  let answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) =>
    response.writeHead(503).end()
  const server = createServer((request, response) => answer(request, response))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  const openId: OpenId = {
    issuer,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    people,
    tamper: null,
    serve: (consoleUrl, names) => {
      const provider = providerAt(issuer, consoleUrl, names, people)
      const callback = provider.callback()
      answer = (request, response) => {
        const { tamper } = openId
        if (tamper !== null) tampered(response, request.url ?? '', tamper)
        if (request.url?.startsWith('/interaction/') === true)
          void interact(provider, request, response).catch((error: unknown) =>
            response.writeHead(500).end(String(error)),
          )
        else void callback(request, response)
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((closed) => server.close(() => closed()))
    },
  }
  return openId
}

function providerAt(
  issuer: string,
  consoleUrl: string,
  names: readonly string[],
  people: ReadonlyMap<string, OpenIdPerson>,
): Provider {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: names.map((name) => `${consoleUrl}/api/v1/login/providers/${name}/callback`),
        post_logout_redirect_uris: [`${consoleUrl}/login`],
      },
    ],
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    scopes: ['openid', 'profile', 'email', 'groups'],
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    cookies: { keys: ['test'] },
    findAccount: (_context, id) => {
      const person = people.get(id)
      return person === undefined
        ? undefined
        : { accountId: id, claims: () => ({ ...person.claims, sub: person.sub }) }
    },
  })
  provider.proxy = false
  return provider
}

/** `GET` shows the form, `POST` logs in and consents. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response)
  if (request.method === 'GET' && details.prompt.name === 'login') {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end(`<!doctype html><html lang="en"><title>Provider</title><h1>Provider login</h1>
<form method="post"><label>Name <input name="name"></label><button>Sign in</button>
<button name="cancel" value="1">Cancel</button></form>`)
    return
  }
  if (details.prompt.name === 'login') {
    const form = new URLSearchParams(await bodyOf(request))
    const result = form.has('cancel')
      ? { error: 'access_denied', error_description: 'said no' }
      : { login: { accountId: form.get('name') ?? '' } }
    await provider.interactionFinished(request, response, result)
    return
  }
  const grant = new provider.Grant({
    accountId: details.session?.accountId ?? '',
    clientId: String(details.params['client_id']),
  })
  grant.addOIDCScope(String(details.params['scope']))
  const grantId = await grant.save()
  await provider.interactionFinished(
    request,
    response,
    { consent: { grantId } },
    { mergeWithLastSubmission: true },
  )
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks).toString()
}

function tampered(
  response: ServerResponse,
  path: string,
  tamper: NonNullable<OpenId['tamper']>,
): void {
  const end = response.end.bind(response)
  response.end = ((chunk: unknown, ...rest: never[]) => {
    if (typeof chunk !== 'string' && !Buffer.isBuffer(chunk)) return end(chunk as never, ...rest)
    let body: unknown = null
    try {
      body = JSON.parse(chunk.toString())
    } catch {
      return end(chunk, ...rest)
    }
    const changed = JSON.stringify(tamper(path, body as Record<string, unknown>))
    response.setHeader('content-length', Buffer.byteLength(changed))
    return end(changed, ...rest)
  }) as typeof response.end
}
