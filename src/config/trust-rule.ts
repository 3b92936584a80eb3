/** Makes a trust rule of what was written, and says what makes it unsafe; the same for custody.yaml and the console. */
import type { KeySource, TrustRule } from '../model/trust.ts'
import type { CheckedTrustRule } from './schema-trust.ts'
import { namesOwner, PRESETS, SHARED_ISSUERS } from './trust-presets.ts'

export interface TrustProblem {
  readonly path: readonly string[]
  readonly message: string
  readonly hint: string
}

export interface TrustReading {
  readonly rule: TrustRule
  readonly problems: readonly TrustProblem[]
}

const JWKS_CHARS_MAX = 256 * 1024

export function trustRule(
  name: string,
  written: CheckedTrustRule,
  isConfigured: boolean,
): TrustReading {
  const preset = written.preset === undefined ? null : PRESETS[written.preset]
  const issuer = written.issuer ?? preset?.issuer ?? ''
  const kind = written.kind
  const rule: TrustRule = {
    name,
    kind,
    preset: written.preset ?? null,
    issuer,
    keys: keySource(written),
    audiences: written.audience ?? [],
    parties: written.parties ?? [],
    algorithms: written.algorithms ?? preset?.algorithms ?? ['RS256', 'ES256'],
    conditions: { ...written.claims, ...preset?.always },
    principal: written.principal ?? preset?.principal ?? DEFAULT_PRINCIPAL[kind],
    principalKind: written.principalKind ?? preset?.principalKind ?? 'service',
    service: written.service ?? '',
    actor: written.actor ?? preset?.actor ?? '',
    groups: written.groups ?? [],
    groupsClaim: written.groupsClaim ?? preset?.groupsClaim ?? '',
    owner: written.owner,
    keep: written.keep ?? preset?.keep ?? DEFAULT_KEEP[kind],
    allowedUpstreams: written.upstreams ?? null,
    allowedModels: written.models ?? null,
    skewMs: written.skewMs,
    lifetimeMaxMs: written.lifetimeMaxMs,
    singleUse: written.singleUse,
    exchangeMs: written.exchangeMs,
    isConfigured,
    endedAtMs: null,
  }
  return { rule, problems: [...problemsOf(rule, written)] }
}

const DEFAULT_PRINCIPAL = { jwt: '{sub}', saml: '{subject}', certificate: '{uri}' } as const
const DEFAULT_KEEP = {
  jwt: ['sub'],
  saml: ['subject'],
  certificate: ['subject', 'uri', 'dns', 'email', 'serial', 'fingerprint'],
} as const

function keySource({ jwks, jwksUrl }: CheckedTrustRule): KeySource {
  if (jwks !== undefined) return { kind: 'fixed', jwks }
  return jwksUrl === undefined ? { kind: 'discovery' } : { kind: 'jwks', url: jwksUrl }
}

function* problemsOf(rule: TrustRule, written: CheckedTrustRule): Generator<TrustProblem> {
  const problem = (path: readonly string[], message: string, hint: string): TrustProblem => ({
    path,
    message,
    hint,
  })
  if (rule.kind === 'certificate') {
    yield* certificateProblems(rule, written)
    return
  }
  if (rule.issuer === '')
    yield problem(['issuer'], 'the issuer is missing', 'Write the `iss` of its tokens.')
  if (rule.audiences.length === 0)
    yield problem(
      ['audience'],
      'the audience is missing',
      'Without it a token made for another service would be accepted here.',
    )
  if (rule.kind === 'saml') {
    if (written.jwks === undefined)
      yield problem(['jwks'], 'the signing certificates are missing', 'Put them here in PEM.')
    return
  }
  if (rule.issuer !== '' && !isIssuer(rule.issuer))
    yield problem(['issuer'], 'the issuer is no https URL', 'Plain http only on loopback.')
  if (written.jwks !== undefined && written.jwksUrl !== undefined)
    yield problem(['jwks'], 'keys are given twice', 'Write jwks or jwksUrl.')
  if (written.jwks !== undefined && !isKeySet(written.jwks))
    yield problem(['jwks'], 'the key set holds no public key', 'Write {"keys":[…]} as JSON.')
  if (written.jwksUrl !== undefined && !isFetchable(written.jwksUrl))
    yield problem(['jwksUrl'], 'it is no https URL', 'Plain http only on loopback.')
  if (rule.issuer.startsWith('spiffe://') && rule.keys.kind === 'discovery')
    yield problem(
      ['jwksUrl'],
      'a trust domain has no discovery',
      'Name its bundle endpoint, or put the bundle in jwks.',
    )
  for (const shared of SHARED_ISSUERS) {
    if (!shared.isMeant(rule.issuer) || namesOwner(shared, rule.conditions)) continue
    yield problem(
      ['claims'],
      `${shared.name} signs for everybody, and no claim says whose tokens are meant`,
      `Pin one of: ${Object.keys(shared.owners).join(', ')}.`,
    )
  }
}

/** Named by the certificate itself; what would be left unlooked at must not be written. */
const OF_TOKENS = [
  'preset',
  'jwks',
  'jwksUrl',
  'audience',
  'parties',
  'algorithms',
  'groupsClaim',
] as const

function* certificateProblems(rule: TrustRule, written: CheckedTrustRule): Generator<TrustProblem> {
  for (const name of OF_TOKENS) {
    if (written[name] !== undefined)
      yield {
        path: [name],
        message: 'a rule for certificates has none',
        hint: 'Certificates are verified against tls.clientCertificates.caFile.',
      }
  }
  if (Object.keys(rule.conditions).length === 0)
    yield {
      path: ['claims'],
      message: 'no claim says whose certificates are meant',
      hint: 'Pin uri, dns, email, subject.CN, subject.O, subject.OU, serial or fingerprint.',
    }
}

function isIssuer(text: string): boolean {
  return /^spiffe:\/\/[a-z0-9._-]+$/.test(text) || isFetchable(text)
}

function isFetchable(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, hash } = new URL(text)
  if (username !== '' || password !== '' || hash !== '') return false
  if (protocol === 'https:') return true
  return protocol === 'http:' && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

function isKeySet(text: string): boolean {
  if (text.length > JWKS_CHARS_MAX) return false
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('keys' in value)) return false
    return Array.isArray(value.keys) && value.keys.length > 0
  } catch {
    return false
  }
}
