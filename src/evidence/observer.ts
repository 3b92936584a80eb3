/** What the recorder tells to metrics: durations and counts, never what was recorded. */

export interface EvidenceObserver {
  /** One group became durable; the time of its write, in milliseconds. */
  readonly committed: (ms: number) => void
  /** A write failed or missed its deadline. */
  readonly writeFailed: () => void
  /** An exchange of a best-effort route goes on unrecorded. */
  readonly gap: () => void
}

export const silentObserver: EvidenceObserver = {
  committed: () => {},
  writeFailed: () => {},
  gap: () => {},
}

export interface EvidenceLoad {
  /** Accepted and not yet durable. */
  readonly pendingBytes: number
  /** Rows that are durable in segments and not yet in the index. */
  readonly indexLag: number
}
