/** What detection reports: where something was, what it was, how sure — never the value. */
import type { OperatorName } from './operators.ts'

/** How the value was written. */
export type Spelling = 'plain' | 'base64' | 'hex' | 'cut-off' | 'key-name' | 'term'

export interface Finding {
  readonly rule: string
  readonly entity: string
  /** 0 to 1, context included. */
  readonly score: number
  /** UTF-16 offsets in the channel's text. */
  readonly start: number
  readonly end: number
  readonly spelling: Spelling
  readonly operator: OperatorName
  /** Keyed, so that the same value can be recognised without being known. */
  readonly fingerprint: string
}

/** Text that passed without being looked into. */
export interface Uninspected {
  readonly start: number
  readonly end: number
  readonly reason: 'encoded-run-too-long' | 'analyzer-late' | 'analyzer-failed'
}

/** `[start, end)` of the channel's text is replaced by `text`. One mask may come in pieces: later ones have no text. */
export interface Mask {
  readonly start: number
  readonly end: number
  readonly text: string
}
