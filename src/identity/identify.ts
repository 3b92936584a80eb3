/** Turns the credentials of a request into a principal, or into the reason why there is none. */
import type {
  Authenticator,
  IdentityFailure,
  IdentityResult,
  PeerCertificate,
  Principal,
} from '../model/principal.ts'
import type { HeaderList } from '../model/record.ts'
import type { KeyId } from '../lib/ids.ts'
import { NO_RULE_DETAIL } from './certificate/certificate-authenticator.ts'
import type {
  CertificateAuthenticator,
  CertificateVerdict,
} from './certificate/certificate-authenticator.ts'
import type { FoundCredentials } from './credentials.ts'
import { findCredentials } from './credentials.ts'

export type Identification =
  | { readonly kind: 'principal'; readonly principal: Principal }
  | {
      readonly kind: 'failure'
      readonly reason: IdentityFailure
      readonly keyId: KeyId | null
      /** A sentence for the caller, to go with the error of `reason`; often empty. Holds nothing the caller sent. */
      readonly detail: string
    }

/** Answers at once when the authenticators do; a promise only when one of them must ask a database. */
export type Identifier = (
  headers: readonly string[] | HeaderList,
  query: string,
  certificate?: PeerCertificate | null,
) => Identification | Promise<Identification>

const AWS_DETAIL =
  'An AWS signature names no caller of this gateway: set AWS_BEARER_TOKEN_BEDROCK to a gateway key or, where a client can only sign, AWS_SESSION_TOKEN.'
const SCHEME_DETAIL = 'Use Authorization: Bearer.'

const UNFOUND: Readonly<Record<Exclude<FoundCredentials['kind'], 'credentials'>, Identification>> =
  {
    none: failure('missing'),
    conflicting: failure('conflicting'),
    malformed: failure('malformed', SCHEME_DETAIL),
    sigv4: failure('malformed', AWS_DETAIL),
  }

/** The first authenticator that is responsible for a credential answers for it. */
export function createIdentifier(
  authenticators: readonly Authenticator[],
  certificates: CertificateAuthenticator | null = null,
): Identifier {
  const authenticate = (credential: string, from = 0): Answer | Promise<Answer> => {
    for (let i = from; i < authenticators.length; i += 1) {
      const answer = authenticators[i]?.authenticate(credential) ?? null
      if (answer instanceof Promise) {
        return answer.then((late) => late ?? authenticate(credential, i + 1))
      }
      if (answer !== null) return answer
    }
    return null
  }
  const byCredential: Identifier = (headers, query) => {
    const found = findCredentials(headers, query)
    if (found.kind !== 'credentials') return UNFOUND[found.kind]
    const answers: Answer[] = []
    const late: Promise<Answer>[] = []
    for (const credential of found.credentials) {
      const answer = authenticate(credential)
      if (answer instanceof Promise) late.push(answer)
      else answers.push(answer)
    }
    if (late.length === 0) return conclude(answers)
    return Promise.all(late).then((more) => conclude([...answers, ...more]))
  }
  return (headers, query, certificate = null) => {
    const byHeader = byCredential(headers, query)
    if (certificate === null || certificates === null) return byHeader
    const verdict = certificates(certificate)
    if (byHeader instanceof Promise || verdict instanceof Promise)
      return Promise.all([byHeader, verdict]).then(([one, other]) => withCertificate(one, other))
    return withCertificate(byHeader, verdict)
  }
}

/** A credential of a kind that nobody here issues: many SDKs cannot be kept from sending some text as a key. */
const UNCLAIMED = failure('malformed')

/** Nothing was sent that could be a credential of this gateway. */
const NOTHING_SENT: ReadonlySet<Identification> = new Set([UNCLAIMED, UNFOUND.none, UNFOUND.sigv4])

/**
 * A key or token says who calls, and the certificate is kept beside it; a wrong one is not made good by a certificate.
 * Where there is none, the certificate says who calls. One that does not verify refuses the call in any case.
 */
function withCertificate(byHeader: Identification, verdict: CertificateVerdict): Identification {
  if (verdict.kind === 'refused') return failure('certificate', verdict.detail)
  if (byHeader.kind === 'principal') {
    const principal = { ...byHeader.principal, certificate: verdict.fingerprint }
    return { kind: 'principal', principal }
  }
  if (!NOTHING_SENT.has(byHeader)) return byHeader
  if (verdict.principal !== null) return { kind: 'principal', principal: verdict.principal }
  return verdict.hasEnded ? failure('rule-ended') : failure('certificate', NO_RULE_DETAIL)
}

type Answer = IdentityResult | null

/** Credentials that nobody claims are ignored beside one that somebody does; two claimed ones conflict. */
function conclude(answers: readonly Answer[]): Identification {
  const claimed = answers.filter((answer) => answer !== null)
  const [first] = claimed
  if (first === undefined) return UNCLAIMED
  if (claimed.length > 1) return failure('conflicting')
  return first.kind === 'principal' ? first : { ...first, detail: '' }
}

function failure(reason: IdentityFailure, detail = ''): Identification {
  return { kind: 'failure', reason, keyId: null, detail }
}
