/** Makes the ids that Custody hands out: time-ordered, unguessable, with a prefix that says what they name. */
import { randomFillSync } from 'node:crypto'

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

export type ExchangeId = Branded<'ExchangeId'>
export type KeyId = Branded<'KeyId'>
export type EventId = Branded<'EventId'>
export type InstanceId = Branded<'InstanceId'>

/** Crockford base32: sorts like the bytes it spells, has no look-alike letters. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_CHARS = 10
const RANDOM_CHARS = 16
/** Of an id's random letters, the last ones that a later id of the same millisecond adds chance to. */
const STEP_CHARS = 12
const pool = Buffer.alloc(RANDOM_CHARS * 256)
let poolAt = pool.length
let lastTimeMs = -1
const last = new Uint8Array(RANDOM_CHARS)

/** Where an id is spelled: joined letter by letter it would stay a chain of pieces as long as it is kept. */
const spelled = Buffer.alloc(TIME_CHARS + RANDOM_CHARS)
const LETTERS = Buffer.from(ALPHABET)

function spellTime(timeMs: number): void {
  for (let rest = timeMs, i = TIME_CHARS - 1; i >= 0; i -= 1) {
    spelled[i] = LETTERS[rest % 32] ?? 0
    rest = Math.floor(rest / 32)
  }
}

/**
 * A 26-character ULID-shaped text: 48 bits of `timeMs`, then 80 bits of chance. Ids that one process makes in one millisecond
 * sort as they were made: each is the one before plus at least one and 60 random bits, so the next one cannot be guessed.
 */
function timeOrdered(timeMs: number): string {
  if (poolAt === pool.length) {
    randomFillSync(pool)
    poolAt = 0
  }
  const again = timeMs === lastTimeMs
  let carry = again ? 1 : 0
  for (let i = RANDOM_CHARS - 1; i >= 0; i -= 1) {
    const drawn = (pool[poolAt + i] ?? 0) & (i === 0 ? 15 : 31)
    const step = i >= RANDOM_CHARS - STEP_CHARS ? drawn : 0
    const sum = again ? (last[i] ?? 0) + step + carry : drawn
    last[i] = sum & 31
    carry = sum >> 5
  }
  poolAt += RANDOM_CHARS
  lastTimeMs = timeMs
  spellTime(timeMs)
  for (let i = 0; i < RANDOM_CHARS; i += 1) spelled[TIME_CHARS + i] = LETTERS[last[i] ?? 0] ?? 0
  return spelled.toString('latin1')
}

const SHAPE = /^[a-z]{2,3}_[0-9a-hjkmnp-tv-z]{26}$/

export const newExchangeId = (timeMs: number): ExchangeId =>
  `ex_${timeOrdered(timeMs)}` as ExchangeId
export const newKeyId = (timeMs: number): KeyId => `key_${timeOrdered(timeMs)}` as KeyId
/** Tokens made by exchange: what their exchanges have for a key id. */
export const newExchangedTokenId = (timeMs: number): KeyId => `ct_${timeOrdered(timeMs)}` as KeyId
export const newEventId = (timeMs: number): EventId => `ev_${timeOrdered(timeMs)}` as EventId
export const newInstanceId = (timeMs: number): InstanceId =>
  `in_${timeOrdered(timeMs)}` as InstanceId

/**
 * People, login sessions, API tokens, reveals, saved views, audit events, requests, approvals, grants, erasures and their jobs, legal
 * holds, bundles, locks, cases and their entries, hunts, alerts.
 */
export type ControlIdPrefix =
  | 'per'
  | 'ls'
  | 'tok'
  | 'rv'
  | 'sv'
  | 'au'
  | 'rq'
  | 'idn'
  | 'scc'
  | 'scg'
  | 'dvg'
  | 'ap'
  | 'gr'
  | 'er'
  | 'ej'
  | 'ho'
  | 'xo'
  | 'bn'
  | 'lk'
  | 'cs'
  | 'ce'
  | 'nt'
  | 'ca'
  | 'hu'
  | 'al'

export const newControlId = (prefix: ControlIdPrefix, timeMs: number): string =>
  `${prefix}_${timeOrdered(timeMs)}`

/** A bound for searching: below every exchange id born at `timeMs` or later, above all earlier ones. */
export function exchangeIdFloor(timeMs: number): ExchangeId {
  const bornMs = Math.min(Math.max(Math.ceil(timeMs), 0), 32 ** TIME_CHARS - 1)
  spellTime(bornMs)
  return `ex_${spelled.toString('latin1', 0, TIME_CHARS)}` as ExchangeId
}

/** The milliseconds that a time-ordered id was made with. */
export function idTimeMs(id: string): number {
  const text = id.slice(id.indexOf('_') + 1).slice(0, TIME_CHARS)
  return Array.from(text).reduce((time, letter) => time * 32 + ALPHABET.indexOf(letter), 0)
}

/** Narrows text from outside (a path, a command line) to an exchange id, or says no. */
export function isExchangeId(text: string): text is ExchangeId {
  return text.startsWith('ex_') && SHAPE.test(text)
}
