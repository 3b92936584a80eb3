/** Login by OpenID Connect: code flow with PKCE, state and nonce; what the ID token lacks is asked of userinfo. */
import * as oidc from 'openid-client'
import type { OidcConfig } from '../../config/login-config.ts'
import type { Clock } from '../../lib/clock.ts'
import { errorCode } from '../../lib/error-code.ts'
import { isLoopbackUrl } from '../../lib/loopback-url.ts'
import type { ProvenIdentity } from '../../model/login.ts'
import type { Attempt } from './login-attempt.ts'
import { LoginRefused } from './provider.ts'
import type { LoginProvider, ProviderAnswer } from './provider.ts'

/** Keys rotate by themselves; endpoints are read again this often. */
const DISCOVERY_MS = 60 * 60 * 1000
const TIMEOUT_SECONDS = 10
const TEXT_CHARS_MAX = 200
const GROUPS_MAX = 2000

export interface OidcPlaces {
  /** Where the provider sends the browser back; fixed by configuration, never by a Host header. */
  readonly redirectUri: () => string
  readonly afterLogout: () => string
}

export function createOidcProvider(
  config: OidcConfig,
  places: OidcPlaces,
  clock: Clock,
): LoginProvider {
  let known: { readonly client: oidc.Configuration; readonly atMs: number } | null = null
  const client = async (): Promise<oidc.Configuration> => {
    if (known !== null && clock.nowMs() - known.atMs < DISCOVERY_MS) return known.client
    const found = await discover(config)
    known = { client: found, atMs: clock.nowMs() }
    return found
  }
  return {
    name: config.name,
    kind: 'oidc',
    title: config.title,
    begin: async (attempt) =>
      oidc.buildAuthorizationUrl(await client(), {
        redirect_uri: places.redirectUri(),
        scope: config.scopes.join(' '),
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(attempt.codeVerifier),
        code_challenge_method: 'S256',
      }).href,
    finish: async (attempt, answer) =>
      identityOf(config, await client(), await redeem(await client(), places, attempt, answer)),
    logoutUrl: async (hint) => {
      if (!config.logout) return null
      const server = await client()
      if (server.serverMetadata().end_session_endpoint === undefined) return null
      return oidc.buildEndSessionUrl(server, {
        id_token_hint: hint.text,
        post_logout_redirect_uri: places.afterLogout(),
      }).href
    },
  }
}

async function discover(config: OidcConfig): Promise<oidc.Configuration> {
  const issuer = new URL(config.issuer)
  const secret = config.clientSecret?.reveal()
  const authentication =
    secret === undefined
      ? oidc.None()
      : config.clientAuth === 'client_secret_post'
        ? oidc.ClientSecretPost(secret)
        : oidc.ClientSecretBasic(secret)
  try {
    return await oidc.discovery(issuer, config.clientId, undefined, authentication, {
      timeout: TIMEOUT_SECONDS,
      execute: isLoopbackUrl(issuer) ? [oidc.allowInsecureRequests] : [],
    })
  } catch (error) {
    throw new LoginRefused('unavailable', `discovery: ${reasonOf(error)}`, error)
  }
}

type Tokens = Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>

async function redeem(
  client: oidc.Configuration,
  places: OidcPlaces,
  attempt: Attempt,
  answer: ProviderAnswer,
): Promise<Tokens> {
  const url = new URL(places.redirectUri())
  url.search = answer.query
  try {
    return await oidc.authorizationCodeGrant(client, url, {
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      pkceCodeVerifier: attempt.codeVerifier,
      idTokenExpected: true,
    })
  } catch (error) {
    if (error instanceof oidc.AuthorizationResponseError)
      throw new LoginRefused('declined', reasonOf(error), error)
    if (isUnreachable(error)) throw new LoginRefused('unavailable', reasonOf(error), error)
    throw new LoginRefused('unproven', reasonOf(error), error)
  }
}

type Claims = Readonly<Record<string, unknown>>

async function identityOf(
  config: OidcConfig,
  client: oidc.Configuration,
  tokens: Tokens,
): Promise<ProvenIdentity> {
  const proven = tokens.claims()
  if (proven === undefined || tokens.id_token === undefined)
    throw new LoginRefused('unproven', 'no ID token')
  const claims: Claims = {
    ...(await moreClaims(config, client, tokens, proven)),
    ...proven,
  }
  const email = textOf(claims['email'])
  return {
    issuer: proven.iss,
    subject: proven.sub,
    login: textOf(claims[config.loginClaim]) ?? email ?? proven.sub,
    name: textOf(claims[config.nameClaim]) ?? '',
    verifiedEmail: claims['email_verified'] === true ? email : null,
    groups: groupsOf(claims[config.groupsClaim]),
    logout: { text: tokens.id_token, sessionIndex: textOf(claims['sid']) ?? '' },
  }
}

/** Many providers put profile and groups behind userinfo only; its subject must be that of the ID token. */
async function moreClaims(
  config: OidcConfig,
  client: oidc.Configuration,
  tokens: Tokens,
  proven: Claims & { readonly sub: string },
): Promise<Claims> {
  const wanted = [config.loginClaim, config.nameClaim, config.groupsClaim, 'email']
  const isComplete = wanted.every((name) => proven[name] !== undefined)
  if (isComplete || client.serverMetadata().userinfo_endpoint === undefined) return {}
  try {
    return await oidc.fetchUserInfo(client, tokens.access_token, proven.sub)
  } catch (error) {
    throw new LoginRefused(
      isUnreachable(error) ? 'unavailable' : 'unproven',
      `userinfo: ${reasonOf(error)}`,
      error,
    )
  }
}

function textOf(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const text = value.trim()
  return text === '' || text.length > TEXT_CHARS_MAX ? null : text
}

/** A list, or one text where a provider flattens a list of one. */
export function groupsOf(value: unknown): readonly string[] | null {
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (!Array.isArray(value)) return null
  return value.filter((group): group is string => typeof group === 'string').slice(0, GROUPS_MAX)
}

function isUnreachable(error: unknown): boolean {
  if (error instanceof TypeError && error.message === 'fetch failed') return true
  const name = error instanceof Error ? error.name : ''
  return name === 'TimeoutError' || name === 'AbortError'
}

/** Codes and our own words; a library's message may quote what was received. */
function reasonOf(error: unknown): string {
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError)
    return plain(error.error)
  return error instanceof Error ? plain(errorCode(error) || error.name) : 'unknown'
}

function plain(text: string): string {
  return text.replaceAll(/[^\w.-]/g, '?').slice(0, 60)
}
