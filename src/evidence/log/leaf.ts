/** The closed set of log leaves and their one canonical form: commitments only, never text, names or bare hashes. */
import { hash } from 'node:crypto'
import { EVENT_TYPES, type EventType } from '../../model/record.ts'
import type { JsonValue } from './canonical-json.ts'
import { readPlainLeaf } from './plain-leaf.ts'

const LEAF_VERSION = 1
/** An act on more records than this is several leaves. */
const LEAF_RECORDS_MAX = 1000

/**
 * What a kind of leaf carries. `commits`: `frame` has the place of a frame, its digest and the commitment to its plaintext;
 * `parts` has only a digest over frames and the place of the last; `public` has the digest of something that all may read.
 */
interface LeafShape {
  readonly record: 'exchange' | 'any' | 'none'
  /** Whether it speaks of a whole segment. */
  readonly segment: boolean
  readonly commits: 'frame' | 'parts' | 'public' | 'none'
  /** Whether other frames may belong to it. */
  readonly parts: 'may' | 'must' | 'none'
  readonly policy: boolean
  readonly opening: boolean
  readonly records: boolean
}

const NOTHING: LeafShape = {
  record: 'none',
  segment: false,
  commits: 'none',
  parts: 'none',
  policy: false,
  opening: false,
  records: false,
}
const BEGINNING: LeafShape = {
  ...NOTHING,
  record: 'exchange',
  commits: 'frame',
  parts: 'may',
  policy: true,
}
const EVENT: LeafShape = { ...NOTHING, record: 'any', commits: 'frame', records: true }

/** Kinds that are not events: exchanges, and what the log says of itself. */
export type LeafKind =
  | EventType
  | 'exchange.opened'
  | 'exchange.refused'
  | 'exchange.closed'
  | 'blocks.stored'
  | 'segment.begun'
  | 'segment.rewrapped'
  | 'log-key.rotated'
  | 'log-key.revoked'
  | 'heartbeat'

const SHAPES: ReadonlyMap<LeafKind, LeafShape> = new Map<LeafKind, LeafShape>([
  ...EVENT_TYPES.map((type) => [type, EVENT] as const),
  ['exchange.opened', BEGINNING],
  ['exchange.refused', BEGINNING],
  ['exchange.closed', { ...BEGINNING, policy: false, opening: true }],
  ['blocks.stored', { ...NOTHING, record: 'exchange', commits: 'parts', parts: 'must' }],
  ['segment.begun', { ...NOTHING, commits: 'public', segment: true }],
  ['segment.rewrapped', { ...NOTHING, commits: 'public', segment: true }],
  ['log-key.rotated', { ...NOTHING, commits: 'public' }],
  ['log-key.revoked', { ...NOTHING, commits: 'public' }],
  ['heartbeat', NOTHING],
])

export const LEAF_KINDS: readonly LeafKind[] = [...SHAPES.keys()]

/** What the one who reports a fact knows of it. Digests are 64 lower-case hexadecimal characters. */
export interface LeafDraft {
  readonly kind: LeafKind
  readonly record: string | null
  /** `<instance>/<segment>/<offset>` of the frame. */
  readonly frame: string | null
  /** `<instance>/<segment>`, of what is said of a whole segment. */
  readonly segment: string | null
  /** Digest of the frame as it was sealed (`frameDigest`). */
  readonly storedDigest: string | null
  /** SHA-256 of the plain payload, which holds 32 random bytes: once those are erased, no guess can be tested against it. */
  readonly plaintextCommitment: string | null
  /** Over the digests of the other frames of the record, see `partsDigest`; null when there are none. */
  readonly partsDigest: string | null
  /** SHA-256 of the policy in force; null when there was none. */
  readonly policyDigest: string | null
  /** Index of the leaf that opened what this one closes. */
  readonly opening: number | null
  /** Ids of the records that an event speaks of. */
  readonly records: readonly string[]
}

/** A leaf that says nothing but its kind. */
export const EMPTY_DRAFT: Omit<LeafDraft, 'kind'> = {
  record: null,
  frame: null,
  segment: null,
  storedDigest: null,
  plaintextCommitment: null,
  partsDigest: null,
  policyDigest: null,
  opening: null,
  records: [],
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
const RECORD = /^[a-z]{2,6}_[0-9a-hjkmnp-tv-z]{26}$/
const FRAME = /^in_[0-9a-hjkmnp-tv-z]{26}\/[1-9]\d{0,9}\/[1-9]\d{0,15}$/

const SEGMENT = /^in_[0-9a-hjkmnp-tv-z]{26}\/[1-9]\d{0,9}$/

export const isRecordId = (text: string): boolean => RECORD.test(text)

/** SHA-256 over the digests of several frames, as hexadecimal text one after the other; null of none. */
export function partsDigest(digests: readonly string[]): string | null {
  return digests.length === 0 ? null : hash('sha256', digests.join(''), 'hex')
}

const isCount = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

function recordFault(record: string | null, expected: LeafShape['record']): string | null {
  if (expected === 'none') return record === null ? null : 'has no record'
  if (record === null || !RECORD.test(record)) return 'needs a record id'
  return expected === 'exchange' && !record.startsWith('ex_') ? 'needs an exchange id' : null
}

/** `expected` null: it may be there or not. */
function digestFault(digest: string | null, expected: boolean | null, name: string): string | null {
  if (digest === null) return expected === true ? `needs a ${name}` : null
  if (expected === false) return `has no ${name}`
  return DIGEST.test(digest) ? null : `needs a ${name}`
}

function frameFault(frame: string | null, expected: boolean): string | null {
  if (!expected) return frame === null ? null : 'has no frame'
  return frame !== null && FRAME.test(frame) ? null : 'needs the place of a frame'
}

function segmentFault(segment: string | null, expected: boolean): string | null {
  if (!expected) return segment === null ? null : 'has no segment'
  return segment !== null && SEGMENT.test(segment) ? null : 'needs a segment'
}

function referenceFault(leaf: LeafDraft, { opening, records }: LeafShape, below: number) {
  if (!opening && leaf.opening !== null) return 'has no opening'
  if (opening && !(isCount(leaf.opening ?? undefined) && (leaf.opening ?? below) < below))
    return 'needs the reference of an earlier opening'
  if (!records && leaf.records.length > 0) return 'has no list of records'
  if (leaf.records.length > LEAF_RECORDS_MAX) return `has at most ${LEAF_RECORDS_MAX} records`
  return leaf.records.every((id) => RECORD.test(id)) ? null : 'has a list with malformed ids'
}

/** Why a leaf at index `sequence` may not look like this, or null. */
export function leafFault(leaf: LeafDraft, sequence: number): string | null {
  const shape = SHAPES.get(leaf.kind)
  if (shape === undefined) return 'a leaf of an unknown kind'
  const { record, commits, parts, policy } = shape
  const fault =
    recordFault(leaf.record, record) ??
    frameFault(leaf.frame, commits === 'frame' || commits === 'parts') ??
    segmentFault(leaf.segment, shape.segment) ??
    digestFault(leaf.storedDigest, commits === 'frame' || commits === 'public', 'stored digest') ??
    digestFault(leaf.plaintextCommitment, commits === 'frame', 'plaintext commitment') ??
    digestFault(leaf.partsDigest, parts === 'may' ? null : parts === 'must', 'digest of parts') ??
    digestFault(leaf.policyDigest, policy ? null : false, 'policy digest') ??
    referenceFault(leaf, shape, sequence)
  return fault === null ? null : `a leaf ${leaf.kind} ${fault}`
}

const member = (name: string, value: string | null): string =>
  value === null ? '' : `"${name}":"${value}",`

/**
 * The bytes of a leaf whose draft has no fault: canonical JSON (RFC 8785) with absent members left out. Written out by hand
 * since it is on the way of every exchange; a test holds it against `canonicalJson`.
 */
export function encodeLeaf(leaf: Leaf): Buffer {
  const { opening, records } = leaf
  const list = records.length === 0 ? '' : `"records":["${records.join('","')}"],`
  const ref = opening === null ? '' : `"ref":${opening},`
  return Buffer.from(
    `{"at":${leaf.timeS},${member('ct', leaf.storedDigest)}${member('frame', leaf.frame)}` +
      `"key":"${leaf.logKey}","kind":"${leaf.kind}",` +
      member('parts', leaf.partsDigest) +
      member('policy', leaf.policyDigest) +
      member('pt', leaf.plaintextCommitment) +
      member('record', leaf.record) +
      `${list}${ref}${member('segment', leaf.segment)}"seq":${leaf.sequence},"v":${LEAF_VERSION}}`,
    'latin1',
  )
}

export type LeafReading =
  | { readonly kind: 'ok'; readonly leaf: Leaf }
  | { readonly kind: 'refused'; readonly reason: string }

const refused = (reason: string) => ({ kind: 'refused', reason }) as const

const MEMBERS = new Set([
  'at',
  'ct',
  'frame',
  'key',
  'kind',
  'parts',
  'policy',
  'pt',
  'record',
  'records',
  'ref',
  'segment',
  'seq',
  'v',
])

const KIND_NAMES: ReadonlySet<JsonValue | undefined> = new Set(LEAF_KINDS)
const isKind = (value: JsonValue | undefined): value is LeafKind => KIND_NAMES.has(value)

const isText = (value: JsonValue | undefined): value is string | undefined =>
  value === undefined || typeof value === 'string'

const isObject = (value: JsonValue): value is { readonly [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTextList = (value: JsonValue): value is readonly string[] =>
  Array.isArray(value) && value.every((one: JsonValue) => typeof one === 'string')

/** Reads a leaf; refuses other spellings, unknown kinds and versions, and members that its kind does not have. */
export function parseLeaf(bytes: Buffer): LeafReading {
  const text = bytes.toString('latin1')
  const plain = readPlainLeaf(text)
  if (plain !== null && isKind(plain.kind) && isComplete(plain, plain.kind))
    return { kind: 'ok', leaf: { ...plain, kind: plain.kind } }
  return parseAnyLeaf(bytes, text)
}

/** Whether a leaf whose members are well-formed has those that its kind must have, and no others. */
function isComplete(leaf: Omit<Leaf, 'kind'>, kind: LeafKind): boolean {
  const shape = SHAPES.get(kind)
  if (shape === undefined) return false
  const { record, opening, sequence } = leaf
  const { commits, parts } = shape
  return (
    (shape.record === 'none') === (record === null) &&
    (shape.record !== 'exchange' || record?.startsWith('ex_') === true) &&
    (commits === 'frame' || commits === 'parts') === (leaf.frame !== null) &&
    (commits === 'frame' || commits === 'public') === (leaf.storedDigest !== null) &&
    (commits === 'frame') === (leaf.plaintextCommitment !== null) &&
    (parts === 'may' || (parts === 'must') === (leaf.partsDigest !== null)) &&
    (shape.policy || leaf.policyDigest === null) &&
    shape.segment === (leaf.segment !== null) &&
    (shape.opening ? opening !== null && opening < sequence : opening === null)
  )
}

function parseAnyLeaf(bytes: Buffer, text: string): LeafReading {
  const value = parseJson(text)
  if (!isObject(value)) return refused('not one JSON object')
  const stranger = Object.keys(value).find((name) => !MEMBERS.has(name))
  if (stranger !== undefined) return refused('a member that no leaf has')
  const { at, ct, frame, key, kind, parts, policy, pt, record, records = [], ref, seq, v } = value
  const { segment } = value
  if (v !== LEAF_VERSION) return refused('an unknown version')
  if (!isKind(kind)) return refused('an unknown kind')
  if (!isCount(at) || !isCount(seq)) return refused('no time or no sequence number')
  if (typeof key !== 'string' || !KEY_ID.test(key)) return refused('no log key id')
  if (!isText(ct) || !isText(pt) || !isText(policy) || !isText(record) || !isTextList(records))
    return refused('a member of the wrong type')
  if (!isText(frame) || !isText(segment) || !isText(parts) || (ref !== undefined && !isCount(ref)))
    return refused('a member of the wrong type')
  if (value['records'] !== undefined && records.length === 0)
    return refused('an empty list of records')
  const leaf: Leaf = {
    kind,
    record: record ?? null,
    frame: frame ?? null,
    segment: segment ?? null,
    storedDigest: ct ?? null,
    plaintextCommitment: pt ?? null,
    partsDigest: parts ?? null,
    policyDigest: policy ?? null,
    opening: ref ?? null,
    records,
    sequence: seq,
    logKey: key,
    timeS: at,
  }
  const fault = leafFault(leaf, seq)
  if (fault !== null) return refused(fault)
  // One spelling for each leaf; comparing with it is cheaper than writing canonical JSON of any value.
  return encodeLeaf(leaf).equals(bytes) ? { kind: 'ok', leaf } : refused('not canonical JSON')
}

function parseJson(text: string): JsonValue {
  try {
    // JSON.parse makes nothing but JSON values.
    const value: JsonValue = JSON.parse(text)
    return value
  } catch {
    return null
  }
}
