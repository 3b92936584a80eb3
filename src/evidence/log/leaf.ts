/** The closed set of log leaves and their one canonical form: commitments only, never text, names or bare hashes. */
import { hash } from 'node:crypto'
import { parseCanonicalJson, type JsonValue } from './canonical-json.ts'

export const LEAF_VERSION = 1
/** An act on more records than this is several leaves. */
export const LEAF_REFS_MAX = 1000

/**
 * What a kind of leaf carries. `record`: the id of what it speaks of. `commits`: `sealed` has the digest of the stored
 * ciphertext and the salted commitment to the plaintext; `public` has only the digest of something that may be read by all.
 */
interface LeafShape {
  readonly record: 'exchange' | 'any' | 'none'
  readonly commits: 'sealed' | 'public' | 'none'
  readonly policy: boolean
  readonly refs: 'none' | 'one' | 'some'
}

const shape = (
  record: LeafShape['record'],
  commits: LeafShape['commits'],
  refs: LeafShape['refs'] = 'none',
  policy = false,
): LeafShape => ({ record, commits, policy, refs })

export const LEAF_KINDS = {
  'exchange.opened': shape('exchange', 'sealed', 'none', true),
  'exchange.closed': shape('exchange', 'sealed', 'one'),
  'exchange.refused': shape('exchange', 'sealed', 'none', true),
  'decision.made': shape('exchange', 'sealed', 'one', true),
  'approval.requested': shape('any', 'sealed', 'some', true),
  'approval.decided': shape('any', 'sealed', 'one'),
  'approval.expired': shape('any', 'sealed', 'one'),
  'lock.set': shape('any', 'sealed'),
  'lock.lifted': shape('any', 'sealed', 'one'),
  'key.created': shape('any', 'sealed'),
  'key.revoked': shape('any', 'sealed'),
  'policy.changed': shape('any', 'sealed', 'none', true),
  'config.changed': shape('any', 'sealed'),
  'evidence.read': shape('any', 'sealed', 'some'),
  'evidence.revealed': shape('any', 'sealed', 'some'),
  'evidence.exported': shape('any', 'sealed', 'some'),
  'evidence.erased': shape('any', 'sealed', 'some'),
  'hold.set': shape('any', 'sealed', 'some'),
  'hold.released': shape('any', 'sealed', 'one'),
  'provider-key.rotated': shape('any', 'sealed'),
  'log-key.rotated': shape('none', 'public'),
  'recording.gap': shape('any', 'sealed'),
  'gateway.started': shape('any', 'none'),
  'gateway.stopped': shape('any', 'none'),
  'gateway.recovered': shape('any', 'none'),
  heartbeat: shape('none', 'none'),
} as const satisfies Record<string, LeafShape>

export type LeafKind = keyof typeof LEAF_KINDS

/** What the one who reports a fact knows of it. Digests are 64 lower-case hexadecimal characters. */
export interface LeafDraft {
  readonly kind: LeafKind
  readonly record: string | null
  /** SHA-256 of the bytes as they are stored. */
  readonly storedDigest: string | null
  /** See `plaintextCommitment`. */
  readonly plaintextCommitment: string | null
  /** SHA-256 of the policy in force. */
  readonly policyDigest: string | null
  /** Indexes of earlier leaves, ascending. */
  readonly refs: readonly number[]
}

export interface Leaf extends LeafDraft {
  /** Its index in the log: gap-free. */
  readonly sequence: number
  /** Id of the log key in use, 8 hexadecimal characters. */
  readonly logKey: string
  /** Whole seconds since 1970. */
  readonly timeS: number
}

const DIGEST = /^[0-9a-f]{64}$/
const KEY_ID = /^[0-9a-f]{8}$/
const RECORD = /^[a-z]{2,3}_[0-9a-hjkmnp-tv-z]{26}$/

/**
 * SHA-256(salt, digest of the plaintext). The 32 random bytes of `salt` are kept inside the encrypted record: once they are
 * erased, nobody can test a guess of the plaintext against the log.
 */
export function plaintextCommitment(salt: Buffer, plaintextDigest: Buffer): string {
  if (salt.length !== 32 || plaintextDigest.length !== 32)
    throw new RangeError('salt and digest have 32 bytes each')
  return hash('sha256', Buffer.concat([salt, plaintextDigest]), 'hex')
}

const isCount = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

function recordFault(record: string | null, expected: LeafShape['record']): string | null {
  if (expected === 'none') return record === null ? null : 'has no record'
  if (record === null || !RECORD.test(record)) return 'needs a record id'
  return expected === 'exchange' && !record.startsWith('ex_') ? 'needs an exchange id' : null
}

function digestFault(digest: string | null, expected: boolean, name: string): string | null {
  if (!expected) return digest === null ? null : `has no ${name}`
  return digest !== null && DIGEST.test(digest) ? null : `needs a ${name}`
}

function refsFault(leaf: LeafDraft, expected: LeafShape['refs'], below: number): string | null {
  const { refs } = leaf
  if (expected === 'none' && refs.length > 0) return 'has no references'
  if (expected === 'one' && refs.length !== 1) return 'needs one reference'
  if (refs.length > LEAF_REFS_MAX) return `has at most ${LEAF_REFS_MAX} references`
  const ascending = refs.every(
    (ref, at) => isCount(ref) && ref < below && ref > (refs[at - 1] ?? -1),
  )
  return ascending ? null : 'has references that are not ascending earlier leaves'
}

/** Why a leaf at index `sequence` may not look like this, or null. */
export function leafFault(leaf: LeafDraft, sequence: number): string | null {
  const { record, commits, policy, refs }: LeafShape = LEAF_KINDS[leaf.kind]
  const fault =
    recordFault(leaf.record, record) ??
    digestFault(leaf.storedDigest, commits !== 'none', 'digest of what is stored') ??
    digestFault(leaf.plaintextCommitment, commits === 'sealed', 'plaintext commitment') ??
    digestFault(leaf.policyDigest, policy, 'policy digest') ??
    refsFault(leaf, refs, sequence)
  return fault === null ? null : `a leaf ${leaf.kind} ${fault}`
}

const member = (name: string, value: string | null): string =>
  value === null ? '' : `"${name}":"${value}",`

/**
 * The bytes of a leaf whose draft has no fault: canonical JSON (RFC 8785) with absent members left out. Written out by hand
 * since it is on the way of every exchange; a test holds it against `canonicalJson`.
 */
export function encodeLeaf(leaf: Leaf): Buffer {
  const refs = leaf.refs.length === 0 ? '' : `"refs":[${leaf.refs.join(',')}],`
  return Buffer.from(
    `{"at":${leaf.timeS},${member('ct', leaf.storedDigest)}"key":"${leaf.logKey}","kind":"${leaf.kind}",` +
      member('policy', leaf.policyDigest) +
      member('pt', leaf.plaintextCommitment) +
      member('record', leaf.record) +
      `${refs}"seq":${leaf.sequence},"v":${LEAF_VERSION}}`,
    'latin1',
  )
}

export type LeafReading =
  | { readonly kind: 'ok'; readonly leaf: Leaf }
  | { readonly kind: 'refused'; readonly reason: string }

const refused = (reason: string) => ({ kind: 'refused', reason }) as const

const MEMBERS = new Set(['at', 'ct', 'key', 'kind', 'policy', 'pt', 'record', 'refs', 'seq', 'v'])

const isKind = (value: JsonValue | undefined): value is LeafKind =>
  typeof value === 'string' && Object.hasOwn(LEAF_KINDS, value)

const isText = (value: JsonValue | undefined): value is string | undefined =>
  value === undefined || typeof value === 'string'

const isObject = (value: JsonValue): value is { readonly [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCountList = (value: JsonValue): value is readonly number[] =>
  Array.isArray(value) && value.every((one: JsonValue) => isCount(one))

/** Reads a leaf; refuses other spellings, unknown kinds and versions, and members that its kind does not have. */
export function parseLeaf(bytes: Buffer): LeafReading {
  const value = parseCanonicalJson(bytes)
  if (!isObject(value)) return refused('not one object of canonical JSON')
  const stranger = Object.keys(value).find((name) => !MEMBERS.has(name))
  if (stranger !== undefined) return refused('a member that no leaf has')
  const { at, ct, key, kind, policy, pt, record, refs = [], seq, v } = value
  if (v !== LEAF_VERSION) return refused('an unknown version')
  if (!isKind(kind)) return refused('an unknown kind')
  if (!isCount(at) || !isCount(seq)) return refused('no time or no sequence number')
  if (typeof key !== 'string' || !KEY_ID.test(key)) return refused('no log key id')
  if (!isText(ct) || !isText(pt) || !isText(policy) || !isText(record) || !isCountList(refs))
    return refused('a member of the wrong type')
  if (value.refs !== undefined && refs.length === 0) return refused('an empty list of references')
  const leaf: Leaf = {
    kind,
    record: record ?? null,
    storedDigest: ct ?? null,
    plaintextCommitment: pt ?? null,
    policyDigest: policy ?? null,
    refs,
    sequence: seq,
    logKey: key,
    timeS: at,
  }
  const fault = leafFault(leaf, seq)
  return fault === null ? { kind: 'ok', leaf } : refused(fault)
}
