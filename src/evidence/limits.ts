/** Every bound of the recorder in one place, with the reason for its default. */

export interface EvidenceLimits {
  /** A segment is sealed when it has grown past this. */
  readonly segmentBytesMax: number
  /** A segment, and with it every epoch key, is used no longer than this. */
  readonly segmentAgeMs: number
  /** Zeros are written ahead in steps of this size, so that fdatasync changes no metadata. */
  readonly extentBytes: number
  /** Below this much free space the recorder is not ready: a red light long before ENOSPC. */
  readonly freeBytesMin: number
  /** A file call that takes longer counts as failed: a hanging disk must not hang the traffic. */
  readonly diskDeadlineMs: number
  /** `open` gives up after this. */
  readonly openDeadlineMs: number
  /** Answer bytes wait at most this long for company (the promise is 50 ms until durable). */
  readonly streamCommitMs: number
  /** How often the disk is looked at, and tried again after a failure. */
  readonly probeMs: number
  /** Bytes kept in memory while no segment can be written. */
  readonly retainedBytesMax: number
  /** A recording's gathered answer bytes are made a frame when they pass this. */
  readonly frameBytesMax: number
  /** Recent bodies kept to recognise unchanged history without hashing it again. */
  readonly bodyCacheBytes: number
  /** Recently stored block ids kept in memory. */
  readonly blockCacheEntries: number
  /** Rows of a quiet gateway reach the index this soon. */
  readonly indexDelayMs: number
  /** The same for a busy one. */
  readonly indexBusyDelayMs: number
  readonly indexRowsMax: number
  /** Rows kept in memory while the database is away; past it they are read from the segments again. */
  readonly indexBacklogMax: number
}

const MIB = 1024 * 1024

export const EVIDENCE_LIMITS: EvidenceLimits = {
  segmentBytesMax: 256 * MIB,
  segmentAgeMs: 3_600_000,
  extentBytes: 4 * MIB,
  freeBytesMin: 512 * MIB,
  diskDeadlineMs: 3_000,
  openDeadlineMs: 5_000,
  streamCommitMs: 40,
  probeMs: 1_000,
  retainedBytesMax: 64 * MIB,
  frameBytesMax: 256 * 1024,
  bodyCacheBytes: 64 * MIB,
  blockCacheEntries: 100_000,
  indexDelayMs: 25,
  indexBusyDelayMs: 200,
  indexRowsMax: 1_000,
  indexBacklogMax: 20_000,
}
