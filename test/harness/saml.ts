/** A SAML identity provider made of samlify: signs and encrypts what a test asks for, and serves logins on loopback. */
import { execFileSync } from 'node:child_process'
import { sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { createRequire } from 'node:module'

/** Its own types bring the browser's into the whole program. */
const { Constants, IdentityProvider, ServiceProvider } = createRequire(import.meta.url)(
  'samlify',
) as {
  readonly Constants: { readonly namespace: { readonly binding: Readonly<Record<string, string>> } }
  readonly IdentityProvider: (settings: object) => {
    readonly createLoginResponse: (
      service: unknown,
      request: unknown,
      binding: string,
      user: object,
      options: object,
    ) => Promise<{ readonly context: string }>
  }
  readonly ServiceProvider: (settings: object) => unknown
}

export interface KeyPair {
  readonly key: string
  readonly certificate: string
}

export function makeKeyPair(name: string): KeyPair {
  const folder = mkdtempSync(join(tmpdir(), 'custody-saml-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    execFileSync(
      'openssl',
      `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -keyout ${key} -out ${cert}`.split(
        ' ',
      ),
      { stdio: 'ignore' },
    )
    return { key: readFileSync(key, 'utf8'), certificate: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface SamlAnswer {
  readonly issuer: string
  readonly audience: string
  readonly recipient: string
  readonly inResponseTo: string
  readonly subject: string
  readonly format?: string
  readonly attributes?: Readonly<Record<string, readonly string[]>>
  readonly nowMs: number
  readonly signed?: 'both' | 'assertion' | 'response' | 'none'
  readonly encrypted?: boolean
  readonly algorithm?: string
  /** Of an encrypted assertion. */
  readonly cipher?: string
  /** Changes the XML before it is signed. */
  readonly edit?: (xml: string) => string
  readonly status?: string
  readonly assertionId?: string
  readonly sessionIndex?: string
}

const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
export const RSA_SHA1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1'

/** The XML of one response. */
export async function samlResponse(
  idp: KeyPair,
  service: string | null,
  answer: SamlAnswer,
): Promise<string> {
  const { signed = 'both', encrypted = false } = answer
  const raw = (answer.edit ?? ((xml: string) => xml))(responseXml(answer))
  const provider = IdentityProvider({
    entityID: answer.issuer,
    privateKey: idp.key,
    signingCert: idp.certificate,
    encryptCert: idp.certificate,
    isAssertionEncrypted: encrypted,
    requestSignatureAlgorithm: answer.algorithm ?? RSA_SHA256,
    messageSigningOrder: 'encrypt-then-sign',
    ...(answer.cipher === undefined ? {} : { dataEncryptionAlgorithm: answer.cipher }),
    singleSignOnService: [
      { Binding: Constants.namespace.binding['redirect'], Location: 'https://idp.example/sso' },
    ],
    singleLogoutService: [
      { Binding: Constants.namespace.binding['redirect'], Location: 'https://idp.example/slo' },
    ],
    loginResponseTemplate: { context: raw, attributes: [] },
  })
  if (signed === 'none') return raw
  const consumer = ServiceProvider({
    entityID: answer.audience,
    ...(service === null ? {} : { encryptCert: service }),
    wantAssertionsSigned: signed !== 'response',
    wantMessageSigned: signed !== 'assertion',
    assertionConsumerService: [
      { Binding: Constants.namespace.binding['post'], Location: answer.recipient },
    ],
  })
  const made = await provider.createLoginResponse(
    consumer,
    { extract: { request: { id: answer.inResponseTo } } },
    'post',
    {},
    {
      customTagReplacement: () => ({ id: '_r', context: raw }),
      encryptThenSign: encrypted && signed !== 'assertion',
    },
  )
  return Buffer.from(made.context, 'base64').toString('utf8')
}

function responseXml(answer: SamlAnswer): string {
  const at = (ms: number): string => new Date(answer.nowMs + ms).toISOString()
  const status = answer.status ?? 'urn:oasis:names:tc:SAML:2.0:status:Success'
  const attributes = Object.entries(answer.attributes ?? {})
    .map(
      ([name, values]) =>
        `<saml:Attribute Name="${name}">${values
          .map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`)
          .join('')}</saml:Attribute>`,
    )
    .join('')
  const format = answer.format ?? 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'
  const answered = answer.inResponseTo === '' ? '' : ` InResponseTo="${answer.inResponseTo}"`
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response" Version="2.0" IssueInstant="${at(0)}" Destination="${answer.recipient}"${answered}><saml:Issuer>${answer.issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${status}"/></samlp:Status><saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${answer.assertionId ?? '_assertion'}" Version="2.0" IssueInstant="${at(0)}"><saml:Issuer>${answer.issuer}</saml:Issuer><saml:Subject><saml:NameID Format="${format}">${answer.subject}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${at(300_000)}" Recipient="${answer.recipient}"${answered}/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${at(0)}" NotOnOrAfter="${at(300_000)}"><saml:AudienceRestriction><saml:Audience>${answer.audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${at(0)}" SessionIndex="${answer.sessionIndex ?? '_session'}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>${attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>`
}

/** A signed query by which the provider asks us to log somebody out. */
export function logoutQuery(
  idp: KeyPair,
  request: {
    readonly issuer: string
    readonly destination: string
    readonly subject: string
    readonly sessionIndex?: string
    readonly nowMs: number
    readonly id?: string
  },
): string {
  const index =
    request.sessionIndex === undefined
      ? ''
      : `<samlp:SessionIndex>${request.sessionIndex}</samlp:SessionIndex>`
  const xml = `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${request.id ?? '_logout'}" Version="2.0" IssueInstant="${new Date(request.nowMs).toISOString()}" Destination="${request.destination}"><saml:Issuer>${request.issuer}</saml:Issuer><saml:NameID>${request.subject}</saml:NameID>${index}</samlp:LogoutRequest>`
  const query = `SAMLRequest=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}&SigAlg=${encodeURIComponent(RSA_SHA256)}`
  const signature = sign('sha256', Buffer.from(query), idp.key).toString('base64')
  return `${query}&Signature=${encodeURIComponent(signature)}`
}

export function idpMetadata(entityId: string, origin: string, certificate: string): string {
  const bare = certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '')
  const binding = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect'
  return `<?xml version="1.0"?><!-- made by hand --><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${bare}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleLogoutService Binding="${binding}" Location="${origin}/slo"/><md:SingleSignOnService Binding="${binding}" Location="${origin}/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`
}

export interface SamlServer extends AsyncDisposable {
  readonly origin: string
  readonly entityId: string
  readonly keys: KeyPair
  /** Groups by subject; who is not here cannot log in. */
  readonly people: Map<string, readonly string[]>
  /** What the next answers are like. */
  change: Partial<SamlAnswer>
  /** Encrypts to this certificate when set. */
  encryptTo: string | null
  /** Forms as they were posted, to be posted again. */
  readonly posted: { readonly url: string; readonly fields: Record<string, string> }[]
  readonly logouts: string[]
}

export async function startSamlServer(): Promise<SamlServer> {
  const keys = makeKeyPair('idp')
  let answered = 0
  const server = createServer((request, response) => {
    void serve(request)
      .then(({ type, text }) => response.writeHead(200, { 'content-type': type }).end(text))
      .catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const saml: SamlServer = {
    origin,
    entityId: `${origin}/entity`,
    keys,
    people: new Map(),
    change: {},
    encryptTo: null,
    posted: [],
    logouts: [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((closed) => server.close(() => closed()))
    },
  }
  return saml

  async function serve(request: IncomingMessage): Promise<{ type: string; text: string }> {
    const url = new URL(request.url ?? '/', origin)
    if (url.pathname === '/metadata')
      return { type: 'text/xml', text: idpMetadata(saml.entityId, origin, keys.certificate) }
    if (url.pathname === '/slo') {
      saml.logouts.push(url.search)
      return { type: 'text/html', text: '<!doctype html><title>Out</title><h1>Logged out</h1>' }
    }
    const asked = inflateRawSync(
      Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64'),
    ).toString()
    if (request.method === 'GET')
      return {
        type: 'text/html',
        text: '<!doctype html><html lang="en"><title>Provider</title><h1>SAML login</h1><form method="post"><label>Name <input name="name"></label><button>Sign in</button></form>',
      }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
    const subject = new URLSearchParams(Buffer.concat(chunks).toString()).get('name') ?? ''
    const of = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(asked)?.[1] ?? ''
    const recipient = of('AssertionConsumerServiceURL')
    answered += 1
    const xml = await samlResponse(keys, saml.encryptTo, {
      issuer: saml.entityId,
      audience: recipient.replace(/acs$/, 'metadata'),
      recipient,
      inResponseTo: of(' ID').trim(),
      subject,
      nowMs: Date.now(),
      attributes: { displayName: [`Name of ${subject}`], groups: saml.people.get(subject) ?? [] },
      encrypted: saml.encryptTo !== null,
      assertionId: `_assertion${answered}`,
      sessionIndex: `_session${answered}`,
      ...saml.change,
    })
    const fields = {
      SAMLResponse: Buffer.from(xml).toString('base64'),
      RelayState: url.searchParams.get('RelayState') ?? '',
    }
    saml.posted.push({ url: recipient, fields })
    const inputs = Object.entries(fields)
      .map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
      .join('')
    return {
      type: 'text/html',
      text: `<!doctype html><html lang="en"><title>Back</title><form method="post" action="${recipient}">${inputs}</form><script>document.forms[0].submit()</script>`,
    }
  }
}
