/** What the record keeps of detection: where something was, what it was, what was done with it; never the value. */
import type { ExchangeId } from '../lib/ids.ts'

export interface FindingRecord {
  readonly rule: string
  readonly entity: string
  /** 0 to 1, context included. */
  readonly score: number
  /** Request: index of the block it lies in, null outside every block. Answer: null. */
  readonly block: number | null
  /** Request: empty. Answer: the channel, e.g. `choice 0 text`. */
  readonly channel: string
  /** Request: bytes of the (decoded) body. Answer: UTF-16 units of the channel's text. */
  readonly start: number
  readonly end: number
  /** `plain`, `base64`, `hex`, `cut-off`, `key-name` or `term`. */
  readonly spelling: string
  /** What was done: `keep` left it as it was, `block` stopped the exchange. */
  readonly operator: string
  /** Keyed digest: the same value can be recognised without being known. */
  readonly fingerprint: string
}

/** First digits of a fingerprint: enough to tell it from all others of one installation. */
export const FINGERPRINT_DIGITS = 16

export type FindingDirection = 'request' | 'answer'

/** One row of the findings index: a distinct finding of one exchange, and how often it was met there. */
export interface FindingRow {
  readonly exchange: ExchangeId
  readonly direction: FindingDirection
  readonly entity: string
  readonly rule: string
  /** The highest of them. */
  readonly score: number
  readonly fingerprint: string
  readonly operator: string
  readonly count: number
}

/** Something that passed without being looked into. */
export interface UninspectedRecord {
  /** Where: `body`, or the channel of an answer. */
  readonly channel: string
  readonly start: number
  readonly end: number
  readonly reason: string
}

/** A replacement from which the value can be brought back, for the caller it was made for. */
export interface MaskToken {
  readonly token: string
  /** Encrypted for this caller. */
  readonly sealed: string
  readonly createdAtMs: number
}

/** Where tokens outlive the process. `scope` names the caller and tells nothing about it. */
export interface MaskTokenTable {
  /** Keeps what is not there yet, and that the exchange used it. A power cut may undo what is not `durable`. */
  readonly keep: (
    scope: string,
    tokens: readonly MaskToken[],
    use: { readonly exchange: ExchangeId; readonly durable: boolean },
  ) => Promise<void>
  /** The newest first. */
  readonly ofScope: (scope: string, limit: number) => Promise<readonly MaskToken[]>
  /** Forgets what was made before; returns how many. */
  readonly removeBefore: (createdAtMs: number) => Promise<number>
  /** Takes away the tokens that no other exchange used; returns how many. */
  readonly forget: (exchanges: readonly ExchangeId[]) => Promise<number>
}
