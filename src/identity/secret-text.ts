/** Mints and checks the secrets Custody hands out: a prefix that names the kind, 256 random bits in base62, and a CRC-32. */
import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * Gateway keys, personal API tokens, login links, login session cookies, cookies of a login under way, SCIM tokens, device codes
 * and grants, exchanged tokens.
 */
export type SecretPrefix =
  | 'cst_'
  | 'cpt_'
  | 'cll_'
  | 'cls_'
  | 'cla_'
  | 'csc_'
  | 'cdv_'
  | 'cdg_'
  | 'cxt_'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_BYTES = 32
/** 62^43 > 2^256 and 62^6 > 2^32: every value has one spelling of fixed length. */
const RANDOM_CHARS = 43
const CHECKSUM_CHARS = 6
const HINT_CHARS = 4

const SHAPE = /^[a-z]{3}_[0-9A-Za-z]{49}$/

export interface MintedSecret {
  /** Shown once, kept nowhere. */
  readonly text: string
  /** What is stored: SHA-256 in 64 hex digits. */
  readonly hash: string
  /** First and last characters, e.g. `cst_3kTz…9aXe`. */
  readonly hint: string
}

export function mintSecret(prefix: SecretPrefix): MintedSecret {
  const random = BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`)
  const unchecked = prefix + base62(random, RANDOM_CHARS)
  const text = unchecked + checksum(unchecked)
  const shown = prefix.length + HINT_CHARS
  return {
    text,
    hash: hash('sha256', text, 'hex'),
    hint: `${text.slice(0, shown)}…${text.slice(-HINT_CHARS)}`,
  }
}

/**
 * The hash to look up; null for what is malformed, told apart before any lookup, so a typing error costs no query.
 *
 * Lookup by the hash needs no constant-time comparison: timing can only reveal bits of a SHA-256 that nobody can steer,
 * and 256 random bits need no slow hash, whose purpose is guessable secrets (NIST SP 800-63B 5.1.1.2, 5.1.2.2).
 */
export function parseSecret(prefix: SecretPrefix, text: string): string | null {
  if (!text.startsWith(prefix) || !SHAPE.test(text)) return null
  const end = text.length - CHECKSUM_CHARS
  // The checksum is no secret and proves nothing; comparing it in plain time gives nothing away.
  return checksum(text.slice(0, end)) === text.slice(end) ? hash('sha256', text, 'hex') : null
}

function checksum(text: string): string {
  let digits = ''
  for (let rest = crc32(text); digits.length < CHECKSUM_CHARS; rest = Math.floor(rest / 62)) {
    digits = ALPHABET.charAt(rest % 62) + digits
  }
  return digits
}

function base62(value: bigint, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest /= 62n) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text
  }
  return text
}
