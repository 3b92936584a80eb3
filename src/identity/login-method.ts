/** The one-time login link, and how every way to log in is named on the login page. */
import { hash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { ProviderKind } from '../model/login.ts'
import type { LoginLinkTable, PeopleTable, PersonRow } from '../model/people.ts'
import { mayUseLink } from './break-glass.ts'
import type { LinkRules } from './break-glass.ts'
import { mintSecret, parseSecret } from './secret-text.ts'

export interface ShownMethod {
  readonly name: string
  readonly kind: 'link' | ProviderKind
  /** For the login page. */
  readonly title: string
  /** Where a browser begins, for methods that go elsewhere first; else null. */
  readonly startUrl: string | null
}

export interface LoginMethod extends ShownMethod {
  /** A person who may log in, or null for every kind of failure: a stranger learns nothing of which. */
  readonly prove: (proof: string) => Promise<PersonRow | null>
}

const LOGIN_LINK_MS = 15 * 60 * 1000

export function createLinkMethod(
  tables: { readonly loginLinks: LoginLinkTable; readonly people: PeopleTable },
  clock: Clock,
  rules: () => LinkRules = () => ({ links: 'everyone', breakGlass: [] }),
): LoginMethod {
  return {
    name: 'link',
    kind: 'link',
    title: 'One-time link',
    startUrl: null,
    prove: async (proof) => {
      const digest = parseSecret('cll_', proof)
      if (digest === null) return null
      const link = await tables.loginLinks.take(digest, clock.nowMs())
      const person = link === null ? null : await tables.people.byId(link.person)
      if (person === null || person.disabledAtMs !== null) return null
      // A link that was made before the rule came in force does not count either.
      return mayUseLink(rules(), person.login) ? person : null
    },
  }
}

export interface MintedLoginLink {
  /** The token goes into the fragment of a URL, which no server and no log ever sees. */
  readonly token: string
  readonly expiresAtMs: number
}

/** Links made earlier for the person end. */
export async function mintLoginLink(
  table: LoginLinkTable,
  clock: Clock,
  person: string,
): Promise<MintedLoginLink> {
  const { text } = mintSecret('cll_')
  const nowMs = clock.nowMs()
  const expiresAtMs = nowMs + LOGIN_LINK_MS
  await table.replace({
    hash: hash('sha256', text, 'hex'),
    person,
    createdAtMs: nowMs,
    expiresAtMs,
  })
  return { token: text, expiresAtMs }
}

export function loginUrl(consoleUrl: string, token: string): string {
  return `${consoleUrl}/login#token=${token}`
}
