/** The versions of the trace index: how a text is read and normalised, and how its grams become keys. A new one is made beside the old. */
import { normalise, type Normalised } from './normalise.ts'
import { cbcMacPassages, sha256Passages, valueDigests, type PassageDigests } from './trace-keys.ts'

export interface TraceVersion {
  /** Stored with each run and position. */
  readonly version: number
  readonly normalise: (text: string) => Normalised
  /** Of the key of an epoch. */
  readonly passages: (epochKey: Buffer) => PassageDigests
}

export type TraceVersions = readonly [TraceVersion, ...TraceVersion[]]

const normalised = (text: string): Normalised => normalise(text, false)

/** Oldest first. A version is kept as long as an index of it may be met: it answers until the newest has read everything. */
export const TRACE_VERSIONS: TraceVersions = [
  { version: 1, normalise: normalised, passages: sha256Passages },
  { version: 2, normalise: normalised, passages: cbcMacPassages },
  // As the one before it; `textPieces` finds texts under more encodings since.
  { version: 3, normalise: normalised, passages: cbcMacPassages },
]

/** The one that is written. */
export function newestOf(versions: TraceVersions): TraceVersion {
  return versions.at(-1) ?? versions[0]
}

/** What one version makes of texts under the key of one epoch. */
export interface Digests {
  readonly passages: PassageDigests
  readonly value: (value: string) => number
}

export function digestsOf({ passages }: TraceVersion, epochKey: Buffer): Digests {
  return { passages: passages(epochKey), value: valueDigests(epochKey) }
}
