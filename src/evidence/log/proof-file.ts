/** C2SP tlog-proof (`.tlog-proof`): one file that proves, offline, that a leaf stands in a log that witnesses saw. */
import { parseDecimal, parseHash, peekCheckpoint } from './checkpoint.ts'
import { leafHash } from './merkle.ts'
import { PROOF_HASHES_MAX, verifyInclusion } from './merkle-proof.ts'
import { decodeBase64 } from './note-key.ts'
import { NOTE_BYTES_MAX } from './note.ts'
import { evaluatePolicy, type Policy, type PolicyVerdict } from './policy.ts'
import { TileReader } from './tile-reader.ts'
import type { TileStore } from './tiles.ts'

const FIRST_LINE = 'c2sp.org/tlog-proof@v1'
const EXTRA_BYTES_MAX = 65_536
const FILE_BYTES_MAX = NOTE_BYTES_MAX + 2 * EXTRA_BYTES_MAX

export interface ProofFile {
  /** Context for the reader; authenticated by nothing. */
  readonly extra: Buffer | null
  readonly index: number
  /** Sibling of the leaf first. */
  readonly hashes: readonly Buffer[]
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: Buffer
}

export type ProofFileReading =
  | { readonly kind: 'ok'; readonly proof: ProofFile }
  | { readonly kind: 'refused'; readonly reason: string }

export function formatProofFile({ extra, index, hashes, checkpoint }: ProofFile): Buffer {
  const lines = [
    FIRST_LINE,
    ...(extra === null ? [] : [`extra ${extra.toString('base64')}`]),
    `index ${index}`,
    ...hashes.map((hash) => hash.toString('base64')),
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(lines.join('\n')), checkpoint])
}

const refused = (reason: string) => ({ kind: 'refused', reason }) as const

export function parseProofFile(bytes: Buffer): ProofFileReading {
  if (bytes.length > FILE_BYTES_MAX) return refused('the proof is too long')
  const gap = bytes.indexOf('\n\n')
  if (gap === -1) return refused('no checkpoint')
  const [first, ...lines] = bytes.subarray(0, gap).toString('utf8').split('\n')
  if (first !== FIRST_LINE) return refused(`the first line is not ${FIRST_LINE}`)
  let extra: Buffer | null = null
  if (lines[0]?.startsWith('extra ') === true) {
    extra = decodeBase64((lines.shift() ?? '').slice('extra '.length))
    if (extra === null) return refused('the extra data is not base64')
    if (extra.length > EXTRA_BYTES_MAX) return refused('the extra data is too long')
  }
  const indexLine = lines.shift() ?? ''
  const index = indexLine.startsWith('index ') ? parseDecimal(indexLine.slice(6)) : null
  if (index === null) return refused('no index')
  if (lines.length > PROOF_HASHES_MAX) return refused('too many hashes')
  const hashes = lines.map(parseHash)
  if (!hashes.every((hash) => hash !== null)) return refused('a line that is not a hash')
  return { kind: 'ok', proof: { extra, index, hashes, checkpoint: bytes.subarray(gap + 2) } }
}

export interface ProofQuestion {
  readonly proof: ProofFile
  /** The bytes of the leaf. */
  readonly entry: Buffer
  readonly policy: Policy
  /** See `PolicyQuestion`. */
  readonly latestS: number
}

/** Size and root come from the verified checkpoint only. */
export function verifyProofFile({ proof, entry, policy, latestS }: ProofQuestion): PolicyVerdict {
  const verdict = evaluatePolicy({ policy, note: proof.checkpoint, latestS })
  if (verdict.kind === 'refused') return verdict
  const { size, root } = verdict.checkpoint
  if (verifyInclusion(leafHash(entry), proof.index, size, proof.hashes, root)) return verdict
  return {
    kind: 'refused',
    reason: 'the leaf is not at this place of the log',
    witnesses: verdict.witnesses,
  }
}

/** Proves leaf `index` of the log in `store` under `checkpoint`, which must be one of that log. */
export async function makeProofFile(
  store: Pick<TileStore, 'read'>,
  checkpoint: Buffer,
  index: number,
): Promise<ProofFile> {
  const head = peekCheckpoint(checkpoint)
  if (head === null) throw new TypeError('not a checkpoint')
  const hashes = await new TileReader(store, head.size).inclusionProof(index)
  return { extra: null, index, hashes, checkpoint }
}
