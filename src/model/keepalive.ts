/** Ways to say something to a caller whose request waits for people, and which wire formats have room for each. */
import type { DialectName } from './dialect.ts'

/**
 * - `comments`: a stream is begun, and holds what its framing ignores (SSE comments, blanks before a line of NDJSON)
 * - `pings`: a stream is begun, and holds the dialect's own `ping` events
 * - `informational`: status 103 before the answer, which stays open
 */
export const STREAM_KEEPALIVES = ['comments', 'pings', 'informational'] as const
export type StreamKeepalive = (typeof STREAM_KEEPALIVES)[number]

/** `whitespace`: an answer of status 200 is begun, and its JSON stands behind blanks. */
export const WHOLE_KEEPALIVES = ['whitespace', 'informational'] as const
export type WholeKeepalive = (typeof WHOLE_KEEPALIVES)[number]

export interface KeepaliveSettings {
  /** For requests that ask for a stream; null: they wait in silence. */
  readonly streams: StreamKeepalive | null
  /** For requests that ask for one whole answer. */
  readonly wholes: WholeKeepalive | null
  /** Silence before the first, and between two. */
  readonly everyMs: number
}

/** Messages of AWS event streams have no room for anything that says nothing; only Anthropic has pings. */
export const STREAM_KEEPALIVES_OF: Readonly<Record<DialectName, readonly StreamKeepalive[]>> = {
  openai: ['comments', 'informational'],
  anthropic: ['comments', 'pings', 'informational'],
  gemini: ['comments', 'informational'],
  bedrock: ['informational'],
  ollama: ['comments', 'informational'],
}

/** What a caller that waited was sent meanwhile. */
export interface KeptAlive {
  readonly by: StreamKeepalive | WholeKeepalive
  readonly times: number
  /** Milliseconds into the wait at which the first was sent; until then every answer was possible. */
  readonly firstAfterMs: number
  /** True where status 200 was given before the decision. */
  readonly isBegun: boolean
}
