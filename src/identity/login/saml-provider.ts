/** Login by SAML 2.0: request by redirect, answer by post, checked against wrapping and replay; single logout. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { SamlConfig } from '../../config/login-config.ts'
import type { Clock } from '../../lib/clock.ts'
import { errorCode } from '../../lib/error-code.ts'
import type { OnceTable, ProvenIdentity } from '../../model/login.ts'
import { keptMetadata } from '../saml/idp-metadata.ts'
import type { IdpMetadata } from '../saml/idp-metadata.ts'
import {
  loginRequest,
  logoutRequest,
  logoutResponse,
  redirectUrl,
  serviceMetadata,
} from '../saml/messages.ts'
import type { Sender } from '../saml/messages.ts'
import { XmlRefused } from '../saml/strict-xml.ts'
import type { VerifiedAssertion } from '../saml/verify-assertion.ts'
import { verifyLogoutRequest } from '../saml/verify-logout.ts'
import type { VerifiedLogout } from '../saml/verify-logout.ts'
import { SamlDeclined, verifyResponse } from '../saml/verify-response.ts'
import type { Attempt } from './login-attempt.ts'
import { LoginRefused } from './provider.ts'
import type { LoginProvider } from './provider.ts'

const SAML_SKEW_MS = 2 * 60 * 1000
/** Base64 of the largest document that is read. */
const RESPONSE_CHARS_MAX = 700_000

export interface SamlPlaces {
  readonly metadataUrl: () => string
  readonly assertionConsumerUrl: () => string
  readonly logoutUrl: () => string
}

export interface SamlProvider extends LoginProvider {
  readonly kind: 'saml'
  readonly metadata: () => string
  /** A logout that began at the provider. Throws `LoginRefused`. */
  readonly logoutRequested: (query: string) => Promise<SamlLogout>
}

export interface SamlLogout extends VerifiedLogout {
  readonly issuer: string
  /** Where to send the browser with our answer; null when the provider takes none. */
  readonly answerUrl: string | null
}

export function createSamlProvider(
  config: SamlConfig,
  places: SamlPlaces,
  parts: { readonly clock: Clock; readonly once: OnceTable },
): SamlProvider {
  const { clock, once } = parts
  const read = keptMetadata(config.metadata, clock)
  const idp = async (): Promise<IdpMetadata> => {
    try {
      return await read()
    } catch (error) {
      throw new LoginRefused('unavailable', `metadata: ${reasonOf(error)}`, error)
    }
  }
  const { keyFile } = config
  let privateKeyText: string | null = null
  const privateKey = (): string | null => {
    if (keyFile !== null) privateKeyText ??= pemIn(keyFile)
    return privateKeyText
  }
  const entityId = (): string => config.entityId ?? places.metadataUrl()
  const sender = (): Sender => ({ entityId: entityId(), privateKey: privateKey() })
  const claim = async (name: string, expiresAtMs: number): Promise<void> => {
    if (!(await once.claim(name, clock.nowMs(), expiresAtMs)))
      throw new LoginRefused('unproven', 'presented before')
  }
  return {
    name: config.name,
    kind: 'saml',
    title: config.title,
    begin: async (attempt) => {
      const { loginUrl } = await idp()
      const head = { id: attempt.samlRequestId, nowMs: clock.nowMs(), destination: loginUrl }
      const xml = loginRequest(sender(), head, places.assertionConsumerUrl())
      return redirectUrl(loginUrl, 'SAMLRequest', xml, {
        relayState: attempt.state,
        privateKey: privateKey(),
      })
    },
    finish: async (attempt, { form }) => {
      const { entityId: issuer, certificates } = await idp()
      const assertion = await refusing(async () =>
        verifyResponse(responseText(form, attempt), {
          issuer,
          certificates,
          audiences: [entityId()],
          recipient: places.assertionConsumerUrl(),
          inResponseTo: attempt.samlRequestId,
          nowMs: clock.nowMs(),
          skewMs: SAML_SKEW_MS,
          signed: config.signed,
          privateKey: privateKey(),
        }),
      )
      await claim(`assertion ${issuer} ${assertion.id}`, assertion.expiresAtMs)
      return identityOf(config, assertion)
    },
    logoutUrl: async ({ text, sessionIndex }) => {
      const { logoutUrl } = await idp()
      if (!config.logout || logoutUrl === null) return null
      const { subject, format } = readNameId(text)
      const head = { id: freshId(), nowMs: clock.nowMs(), destination: logoutUrl }
      const xml = logoutRequest(sender(), head, { subject, format, sessionIndex })
      return redirectUrl(logoutUrl, 'SAMLRequest', xml, {
        relayState: '',
        privateKey: privateKey(),
      })
    },
    metadata: () =>
      serviceMetadata({
        entityId: entityId(),
        assertionConsumerUrl: places.assertionConsumerUrl(),
        logoutUrl: places.logoutUrl(),
        certificate: config.certFile === null ? null : pemIn(config.certFile),
        wantAssertionsSigned: config.signed !== 'response',
      }),
    logoutRequested: async (query) => {
      const { entityId: issuer, certificates, logoutUrl } = await idp()
      const logout = await refusing(() =>
        verifyLogoutRequest(query, {
          issuer,
          certificates,
          destination: places.logoutUrl(),
          nowMs: clock.nowMs(),
          skewMs: SAML_SKEW_MS,
        }),
      )
      await claim(`logout ${issuer} ${logout.id}`, logout.expiresAtMs)
      return { ...logout, issuer, answerUrl: logoutUrl === null ? null : answer(logout, logoutUrl) }
    },
  }

  function answer({ id, relayState }: VerifiedLogout, destination: string): string {
    const head = { id: freshId(), nowMs: clock.nowMs(), destination }
    const xml = logoutResponse(sender(), head, id)
    return redirectUrl(destination, 'SAMLResponse', xml, { relayState, privateKey: privateKey() })
  }
}

function responseText(form: Readonly<Record<string, string>>, attempt: Attempt): string {
  const { SAMLResponse: base64 = '', RelayState: relayState = '' } = form
  if (relayState !== attempt.state) throw new XmlRefused('in answer to another request')
  if (base64.length > RESPONSE_CHARS_MAX) throw new XmlRefused('too large')
  const text = base64.replaceAll(/[\r\n]/g, '')
  const bytes = Buffer.from(text, 'base64')
  // One spelling: what a lenient decoder skips would be another document to a strict one.
  if (text === '' || bytes.toString('base64') !== text) throw new XmlRefused('not base64')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new XmlRefused('not UTF-8', { cause: error })
  }
}

function identityOf(config: SamlConfig, assertion: VerifiedAssertion): ProvenIdentity {
  const { subject, subjectFormat, attributes, sessionIndex } = assertion
  // A name that is another one each time would make a new person at every login.
  if (subjectFormat.endsWith(':transient')) throw new LoginRefused('unlinked', 'transient name id')
  const first = (name: string): string =>
    (name === 'nameid' ? subject : attributes.get(name)?.[0]) ?? ''
  return {
    issuer: assertion.issuer,
    subject,
    login: first(config.loginAttribute) || subject,
    name: first(config.nameAttribute),
    // SAML has no way to say that an address was verified.
    verifiedEmail: null,
    groups: attributes.get(config.groupsAttribute) ?? null,
    logout: { text: JSON.stringify({ subject, format: subjectFormat }), sessionIndex },
  }
}

function readNameId(text: string): { readonly subject: string; readonly format: string } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: what `identityOf` wrote and the session sealed
  return JSON.parse(text) as { subject: string; format: string }
}

function pemIn(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new LoginRefused('unavailable', `key or certificate: ${reasonOf(error)}`, error)
  }
}

function freshId(): string {
  return `_${randomBytes(20).toString('hex')}`
}

async function refusing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SamlDeclined) throw new LoginRefused('declined', 'status', error)
    if (error instanceof XmlRefused) throw new LoginRefused('unproven', error.message, error)
    throw error
  }
}

/** Our own words, or a code. */
function reasonOf(error: unknown): string {
  if (error instanceof XmlRefused) return error.message
  return errorCode(error) || 'unreadable'
}
