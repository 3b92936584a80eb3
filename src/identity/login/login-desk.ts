/** Runs logins at identity providers from the button to the person, and the way out. */
import type { LoginConfig, ProviderConfig } from '../../config/login-config.ts'
import type { Clock } from '../../lib/clock.ts'
import type { ControlStore } from '../../model/control.ts'
import type { ProvenIdentity } from '../../model/login.ts'
import type { PersonRow } from '../../model/people.ts'
import type { ShownMethod } from '../login-method.ts'
import { folded } from '../scim/scim-users.ts'
import { admitPerson } from './admit-person.ts'
import type { AdmissionTables } from './admit-person.ts'
import { beginAttempt, takeAttempt } from './login-attempt.ts'
import { createOidcProvider } from './oidc-provider.ts'
import { createSamlProvider } from './saml-provider.ts'
import type { SamlProvider } from './saml-provider.ts'
import { LoginRefused } from './provider.ts'
import type { LoginProvider, ProviderAnswer } from './provider.ts'
import { openHint, sessionIndexHash, subjectHash } from './session-hint.ts'

const ROUTES = '/api/v1/login/providers'

export interface LoginDeskParts {
  readonly control: ControlStore
  readonly clock: Clock
  /** In force now: a reload may change it. */
  readonly config: () => LoginConfig
  readonly consoleUrl: () => string
}

export interface FinishedLogin {
  readonly person: PersonRow
  readonly proven: ProvenIdentity
  readonly next: string
  /** For login session and trail: `oidc:okta`. */
  readonly method: string
}

export interface LoginDesk {
  /** For the login page, in the order of configuration. */
  readonly methods: () => readonly ShownMethod[]
  /** Null when there is no such provider. Throws `LoginRefused`. */
  readonly begin: (
    provider: string,
    next: string,
  ) => Promise<{ readonly cookie: string; readonly url: string } | null>
  /** Throws `LoginRefused`. */
  readonly finish: (
    provider: string,
    cookie: string | null,
    answer: ProviderAnswer,
  ) => Promise<FinishedLogin>
  /** Our metadata, for the provider; null when there is no such SAML provider. */
  readonly samlMetadata: (provider: string) => string | null
  /** Ends the login sessions that a provider says have ended. Throws `LoginRefused`. */
  readonly samlLogout: (provider: string, query: string) => Promise<EndedByProvider>
  /** Where a browser goes to end the login at the provider too; null when there is nothing to end. */
  readonly logoutUrl: (loginSession: string, cookie: string) => Promise<string | null>
}

export interface EndedByProvider {
  readonly loginSessions: readonly string[]
  readonly answerUrl: string | null
}

interface Entry {
  readonly config: ProviderConfig
  readonly provider: LoginProvider | SamlProvider
}

export function createLoginDesk(parts: LoginDeskParts): LoginDesk {
  const { control, clock } = parts
  const entries = entriesOf(parts)
  const entry = (name: string): Entry | null =>
    entries().find(({ config }) => config.name === name) ?? null
  const tables: AdmissionTables = {
    people: control.people,
    identities: control.identities,
    loginGroups: control.loginGroups,
    provisioned: {
      byExternalId: async (externalId) =>
        (await control.scim.users.byExternalId(externalId))?.id ?? null,
      byUserName: async (userName) => {
        const user = await control.scim.users.byUserName(folded(userName))
        return user === null || user.deletedAtMs !== null ? null : user.id
      },
    },
  }
  return {
    methods: () =>
      entries().map(({ provider }) => ({
        name: provider.name,
        kind: provider.kind,
        title: provider.title,
        startUrl: `${ROUTES}/${provider.name}/start`,
      })),
    begin: async (name, next) => {
      const provider = entry(name)?.provider
      if (provider === undefined) return null
      const { cookie, attempt } = await beginAttempt(control.loginAttempts, clock, {
        provider: name,
        next,
      })
      return { cookie, url: await provider.begin(attempt) }
    },
    finish: async (name, cookie, answer) => {
      const attempt = await takeAttempt(control.loginAttempts, clock, { cookie, provider: name })
      const found = entry(name)
      if (attempt === null || found === null)
        throw new LoginRefused('expired', 'no login under way in this browser')
      const proven = await found.provider.finish(attempt, answer)
      const { name: _name, kind, roles, approvers, createPeople, linkBy } = found.config
      const rules = { name, kind, roles, approvers, createPeople, linkBy }
      const person = await admitPerson(tables, clock, rules, proven)
      return { person, proven, next: attempt.next, method: `${kind}:${name}` }
    },
    samlMetadata: (name) => samlOf(entry(name))?.metadata() ?? null,
    samlLogout: async (name, query) => {
      const provider = samlOf(entry(name))
      if (provider === null) throw new LoginRefused('unproven', 'no such provider')
      const { issuer, subject, sessionIndexes, answerUrl } = await provider.logoutRequested(query)
      const hashes = sessionIndexes.length === 0 ? [''] : sessionIndexes.map(sessionIndexHash)
      const loginSessions: string[] = []
      for (const index of hashes) {
        const kept = await control.loginHints.ofSubject(name, subjectHash(issuer, subject), index)
        for (const { loginSession } of kept) {
          if (await control.loginSessions.end(loginSession, clock.nowMs()))
            loginSessions.push(loginSession)
        }
      }
      return { loginSessions, answerUrl }
    },
    logoutUrl: async (loginSession, cookie) => {
      const kept = await control.loginHints.byLoginSession(loginSession)
      const hint = kept === null ? null : openHint(cookie, loginSession, kept.sealed)
      const provider = kept === null ? undefined : entry(kept.provider)?.provider
      if (hint === null || provider === undefined) return null
      // A provider that is down must not keep anybody logged in here.
      return provider.logoutUrl(hint).catch(() => null)
    },
  }
}

/** Providers keep what they discovered until the configuration changes. */
function entriesOf(parts: LoginDeskParts): () => readonly Entry[] {
  let made: { readonly of: LoginConfig; readonly entries: readonly Entry[] } | null = null
  return () => {
    const config = parts.config()
    if (made?.of !== config) {
      made = {
        of: config,
        entries: config.providers.map((one) => ({ config: one, provider: providerOf(one, parts) })),
      }
    }
    return made.entries
  }
}

function providerOf(
  config: ProviderConfig,
  { control, clock, consoleUrl }: LoginDeskParts,
): LoginProvider | SamlProvider {
  const at = (path: string) => (): string => `${consoleUrl()}${ROUTES}/${config.name}/${path}`
  if (config.kind === 'oidc') {
    const places = { redirectUri: at('callback'), afterLogout: () => `${consoleUrl()}/login` }
    return createOidcProvider(config, places, clock)
  }
  const places = {
    metadataUrl: at('metadata'),
    assertionConsumerUrl: at('acs'),
    logoutUrl: at('slo'),
  }
  return createSamlProvider(config, places, { clock, once: control.once })
}

function samlOf(entry: Entry | null): SamlProvider | null {
  return entry !== null && 'logoutRequested' in entry.provider ? entry.provider : null
}
