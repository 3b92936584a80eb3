/** How people log in, resolved: every provider with its defaults filled in. */
import type { RoleMapping } from '../model/login.ts'
import type { Role } from '../model/people.ts'
import type { Secret } from './secret.ts'

export type LinkBy = 'scim-external-id' | 'scim-user-name' | 'verified-email'

export interface RolesConfig {
  readonly byGroup: RoleMapping
  /** For whom no group gives a role; empty lets nobody in. */
  readonly otherwise: readonly Role[]
}

interface ProviderCommon {
  readonly name: string
  readonly title: string
  readonly roles: RolesConfig
  /** Names that rules may give approvers, and the groups of this provider that fulfil each. */
  readonly approvers: Readonly<Record<string, readonly string[]>>
  readonly createPeople: boolean
  readonly linkBy: readonly LinkBy[]
  readonly logout: boolean
}

export interface OidcConfig extends ProviderCommon {
  readonly kind: 'oidc'
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: Secret | null
  readonly clientAuth: 'client_secret_basic' | 'client_secret_post'
  readonly scopes: readonly string[]
  readonly loginClaim: string
  readonly nameClaim: string
  readonly groupsClaim: string
}

export interface SamlConfig extends ProviderCommon {
  readonly kind: 'saml'
  /** URL or absolute path. */
  readonly metadata: string
  /** Null: the URL of our metadata. */
  readonly entityId: string | null
  readonly signed: 'both' | 'assertion' | 'response'
  /** Absolute path; null when we have no key. */
  readonly keyFile: string | null
  /** Absolute path. */
  readonly certFile: string | null
  readonly loginAttribute: string
  readonly nameAttribute: string
  readonly groupsAttribute: string
}

export type ProviderConfig = OidcConfig | SamlConfig

export interface LoginConfig {
  /** Without a slash at its end; null: where the control plane listens. */
  readonly consoleUrl: string | null
  readonly links: 'everyone' | 'break-glass'
  readonly breakGlass: readonly string[]
  readonly providers: readonly ProviderConfig[]
  readonly scim: RolesConfig
  /** The groups of a login count for so long. */
  readonly groupsLastMs: number
}
