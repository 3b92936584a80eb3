/** The door where ways to log in through a provider fit: begin a login, judge the answer, end it there too. */
import type { LoginProblem, ProviderKind, ProvenIdentity } from '../../model/login.ts'
import type { Attempt } from './login-attempt.ts'

export class LoginRefused extends Error {
  override readonly name = 'LoginRefused'
  readonly problem: LoginProblem
  /** For the log and the trail: our own words, or the code of a library. Never a token. */
  readonly detail: string

  constructor(problem: LoginProblem, detail: string, cause?: unknown) {
    super(`${problem}: ${detail}`, { cause })
    this.problem = problem
    this.detail = detail
  }
}

export interface ProviderAnswer {
  /** Query of the address where the browser came back; begins with `?` or is empty. */
  readonly query: string
  /** Posted fields. */
  readonly form: Readonly<Record<string, string>>
}

export interface LoginProvider {
  readonly name: string
  readonly kind: ProviderKind
  readonly title: string
  /** Where to send the browser. Throws `LoginRefused`. */
  readonly begin: (attempt: Attempt) => Promise<string>
  /** Throws `LoginRefused`. */
  readonly finish: (attempt: Attempt, answer: ProviderAnswer) => Promise<ProvenIdentity>
  /** Where to send the browser to log out at the provider too; null when that is not offered. */
  readonly logoutUrl: (hint: {
    readonly text: string
    readonly sessionIndex: string
  }) => Promise<string | null>
}
