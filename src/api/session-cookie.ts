/** The cookie of a login session: bound to this host, unreadable for scripts, never sent along from another site. */

/**
 * `__Host-` makes the browser refuse it unless it is Secure, has no Domain and Path=/ (RFC 6265bis 4.1.3.2), so no
 * sibling host can plant one. Browsers take Secure cookies from loopback over plain HTTP.
 */
const NAME = '__Host-custody_session'
/** Of a login that went to a provider. */
const LOGIN_NAME = '__Host-custody_login'

export function sessionCookie(value: string, maxAgeMs: number): string {
  const seconds = Math.max(0, Math.floor(maxAgeMs / 1000))
  return `${NAME}=${value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${seconds}`
}

export function clearedCookie(): string {
  return sessionCookie('', 0)
}

/** Null when there is none; two of the name are a planted one beside ours, and neither counts. */
export function readSessionCookie(header: string | undefined): string | null {
  return readCookie(NAME, header)
}

/**
 * It must come back from the site of the provider: with `Lax` on its redirect, with `None` on the form that SAML posts.
 * It proves nothing by itself, and its login ends with the first answer.
 */
export function loginCookie(value: string, maxAgeMs: number): string {
  const seconds = Math.max(0, Math.floor(maxAgeMs / 1000))
  return `${LOGIN_NAME}=${value}; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=${seconds}`
}

export function readLoginCookie(header: string | undefined): string | null {
  return readCookie(LOGIN_NAME, header)
}

function readCookie(name: string, header: string | undefined): string | null {
  const found = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  const [value] = found
  return found.length === 1 && value !== undefined && value !== '' ? value : null
}
