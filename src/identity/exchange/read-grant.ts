/** Reads a request for a token: form (RFC 6749) or JSON (Anthropic SDKs); each parameter once. */
import { scanJson } from '../../lib/json/scan.ts'

export type GrantType = 'token-exchange' | 'jwt-bearer' | 'saml2-bearer'

export interface Grant {
  readonly type: GrantType
  readonly assertion: string
  readonly isSaml: boolean
  /** Name of the one trust rule that may judge it; empty when any may. */
  readonly rule: string
}

export type GrantReading =
  | { readonly kind: 'grant'; readonly grant: Grant }
  | { readonly kind: 'refused'; readonly error: OauthError; readonly description: string }

/** RFC 6749 5.2 and RFC 8693 2.2.2. */
export type OauthError =
  | 'invalid_request'
  | 'unsupported_grant_type'
  | 'invalid_grant'
  | 'temporarily_unavailable'

const GRANT = 'urn:ietf:params:oauth:grant-type:'
const TOKEN = 'urn:ietf:params:oauth:token-type:'
const JWT_TYPES = ['jwt', 'id_token', 'access_token'].map((name) => TOKEN + name)
const SAML_TYPES = ['saml2'].map((name) => TOKEN + name)
const JSON_LIMITS = { depthMax: 4, elementsMax: 100 }

export function readGrant(contentType: string, body: Buffer): GrantReading {
  const parameters = readParameters(contentType, body)
  if (parameters === null)
    return refused('invalid_request', 'the body is no form and no JSON object')
  const named = (name: string): string => parameters.get(name) ?? ''
  const rule = named('federation_rule_id')
  switch (named('grant_type')) {
    case `${GRANT}token-exchange`: {
      // Delegation (RFC 8693 1.1) is not offered: a token speaks for its own subject alone.
      if (named('actor_token') !== '')
        return refused('invalid_request', 'actor_token is not supported')
      const wanted = named('requested_token_type')
      if (wanted !== '' && wanted !== `${TOKEN}access_token`)
        return refused('invalid_request', 'only access tokens are issued')
      const type = named('subject_token_type')
      const isSaml = SAML_TYPES.includes(type)
      if (!isSaml && !JWT_TYPES.includes(type))
        return refused(
          'invalid_request',
          'subject_token_type must be jwt, id_token, access_token or saml2',
        )
      return granted('token-exchange', named('subject_token'), isSaml, rule)
    }
    case `${GRANT}jwt-bearer`:
      return granted('jwt-bearer', named('assertion'), false, rule)
    case `${GRANT}saml2-bearer`:
      return granted('saml2-bearer', named('assertion'), true, rule)
    case '':
      return refused('invalid_request', 'grant_type is missing')
    default:
      return refused('unsupported_grant_type', 'use token-exchange, jwt-bearer or saml2-bearer')
  }
}

function granted(type: GrantType, assertion: string, isSaml: boolean, rule: string): GrantReading {
  if (assertion === '') return refused('invalid_request', 'the token to exchange is missing')
  return { kind: 'grant', grant: { type, assertion, isSaml, rule } }
}

function refused(error: OauthError, description: string): GrantReading {
  return { kind: 'refused', error, description }
}

/** Null when it is neither, or names a parameter twice (RFC 6749 3.2). */
function readParameters(contentType: string, body: Buffer): ReadonlyMap<string, string> | null {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/x-www-form-urlencoded') {
    const parameters = new Map<string, string>()
    for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
      if (parameters.has(name)) return null
      parameters.set(name, value)
    }
    return parameters
  }
  if (type !== 'application/json' || scanJson(body, JSON_LIMITS).kind === 'problem') return null
  const value: unknown = JSON.parse(body.toString('utf8'))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const parameters = new Map<string, string>()
  for (const [name, text] of Object.entries(value)) {
    if (typeof text === 'string') parameters.set(name, text)
  }
  return parameters
}
