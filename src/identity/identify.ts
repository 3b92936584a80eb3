/** Turns the credentials of a request into a principal, or into the reason why there is none. */
import type {
  Authenticator,
  IdentityFailure,
  IdentityResult,
  Principal,
} from '../model/principal.ts'
import type { HeaderList } from '../model/record.ts'
import type { KeyId } from '../lib/ids.ts'
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
export function createIdentifier(authenticators: readonly Authenticator[]): Identifier {
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
  return (headers, query) => {
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
}

type Answer = IdentityResult | null

/** Credentials that nobody claims are ignored beside one that somebody does; two claimed ones conflict. */
function conclude(answers: readonly Answer[]): Identification {
  const claimed = answers.filter((answer) => answer !== null)
  const [first] = claimed
  if (first === undefined) return failure('malformed')
  if (claimed.length > 1) return failure('conflicting')
  return first.kind === 'principal' ? first : { ...first, detail: '' }
}

function failure(reason: IdentityFailure, detail = ''): Identification {
  return { kind: 'failure', reason, keyId: null, detail }
}
