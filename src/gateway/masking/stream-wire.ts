/** Cuts the bytes of a stream into whole events and writes events, for each framing in the same way. */
import type { FlushEvent } from '../../model/stream-shape.ts'

/** What goes out: text where the framing is text, so that it is encoded once for all events of a chunk. */
export type WireBytes = string | Buffer

export interface WireEvent {
  /** As received. */
  readonly raw: WireBytes
  /** What the framing calls it; empty where it calls it nothing. */
  readonly name: string
  /** JSON, or `[DONE]`; null for events without data. */
  readonly data: string | null
  /** The event with other data in the place of its own. */
  readonly with: (data: string) => WireBytes
}

/** Throws `upstream.protocol` for what breaks the framing, and `policy.masking-failed` for an event too long to hold. */
export interface StreamWire {
  readonly push: (bytes: Buffer) => readonly WireEvent[]
  /** Bytes behind the last event that belong to none. Throws when the stream ended inside an event. */
  readonly end: () => string
  readonly write: (event: FlushEvent) => WireBytes
}

/** An event is held until it is complete. */
export const EVENT_SIZE_MAX = 8 * 1024 * 1024
