/** Keeps what a provider wants to hear at logout, sealed so that only the cookie of the login session opens it. */
import { createCipheriv, createDecipheriv, hkdfSync, hash, randomBytes } from 'node:crypto'
import type { LogoutHint, LoginSessionHintTable, ProvenIdentity } from '../../model/login.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

export async function keepHint(
  table: LoginSessionHintTable,
  login: {
    readonly session: string
    readonly cookie: string
    readonly provider: string
    readonly proven: ProvenIdentity
  },
): Promise<void> {
  const { session, cookie, provider, proven } = login
  await table.insert({
    loginSession: session,
    provider,
    subjectHash: subjectHash(proven.issuer, proven.subject),
    sessionIndexHash: sessionIndexHash(proven.logout.sessionIndex),
    sealed: seal(cookie, session, JSON.stringify(proven.logout)),
  })
}

export function openHint(cookie: string, session: string, sealed: string): LogoutHint | null {
  const text = open(cookie, session, sealed)
  const hint: unknown = text === null ? null : JSON.parse(text)
  if (typeof hint !== 'object' || hint === null) return null
  // Sealed by us, under a key that nobody else has.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: what `keepHint` sealed
  return hint as LogoutHint
}

export function subjectHash(issuer: string, subject: string): string {
  return hash('sha256', JSON.stringify([issuer, subject]), 'hex')
}

export function sessionIndexHash(index: string): string {
  return index === '' ? '' : hash('sha256', index, 'hex')
}

function keyOf(cookie: string): Buffer {
  return Buffer.from(hkdfSync('sha256', cookie, '', 'custody login session hint', 32))
}

function seal(cookie: string, session: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyOf(cookie), nonce).setAAD(Buffer.from(session))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url')
}

function open(cookie: string, session: string, sealed: string): string | null {
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null
  const decipher = createDecipheriv('aes-256-gcm', keyOf(cookie), bytes.subarray(0, NONCE_BYTES))
  decipher.setAAD(Buffer.from(session)).setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
    return Buffer.concat([text, decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}
