/** Reads the one spelling that most leaves have, without JSON: verifying reads millions of them. */
import type { Leaf } from './leaf.ts'

const DIGEST = '[0-9a-f]{64}'
const ID = '[0-9a-hjkmnp-tv-z]{26}'
const NUMBER = '0|[1-9]\\d{0,15}'
const PLACE = `in_${ID}\\/[1-9]\\d{0,9}`

const member = (name: string, shape: string): string => `(?:"${name}":"(${shape})",)?`

/** Members stand in the order of their names. Whatever else there is (a list of records) is left to the reader of JSON. */
const PLAIN = new RegExp(
  `^\\{"at":(${NUMBER}),${member('ct', DIGEST)}${member('frame', `${PLACE}\\/[1-9]\\d{0,15}`)}` +
    `"key":"([0-9a-f]{8})","kind":"([a-z.-]+)",` +
    member('parts', DIGEST) +
    member('policy', DIGEST) +
    member('pt', DIGEST) +
    member('record', `[a-z]{2,6}_${ID}`) +
    `(?:"ref":(${NUMBER}),)?${member('segment', PLACE)}"seq":(${NUMBER}),"v":1\\}$`,
)

/** Null for anything else: that may be a leaf all the same. Whether its kind has these members is not looked at. */
export function readPlainLeaf(text: string): (Omit<Leaf, 'kind'> & { kind: string }) | null {
  const match = PLAIN.exec(text)
  if (match === null) return null
  const [, at, ct = null, frame = null, key = '', kind = '', parts = null, policy = null] = match
  const [pt = null, record = null, ref, segment = null, seq] = match.slice(8)
  const timeS = Number(at)
  const sequence = Number(seq)
  const opening = ref === undefined ? null : Number(ref)
  // Above it a number has more spellings than one.
  if (Math.max(timeS, sequence, opening ?? 0) > Number.MAX_SAFE_INTEGER) return null
  return {
    kind,
    record,
    frame,
    segment,
    storedDigest: ct,
    plaintextCommitment: pt,
    partsDigest: parts,
    policyDigest: policy,
    opening,
    records: NO_RECORDS,
    sequence,
    logKey: key,
    timeS,
  }
}

const NO_RECORDS: readonly string[] = []
