/** Remembers what was found in blocks: a turn of a conversation is looked into only where it is new. */
import { hash } from 'node:crypto'
import type { UninspectedRecord } from '../../model/masking.ts'
import type { Finding } from '../../detect/finding.ts'
import type { IssuedToken } from './mask-keys.ts'
import type { LeafPlace } from './request-leaves.ts'

/** Offsets are bytes from the start of the block (of the body, for what is no block). */
export interface PieceFindings {
  readonly splices: readonly {
    readonly start: number
    readonly end: number
    readonly with: string
  }[]
  readonly findings: readonly Finding[]
  readonly uninspected: readonly UninspectedRecord[]
  readonly isBlocked: boolean
  readonly tokens: readonly IssuedToken[]
}

export const NOTHING_FOUND: PieceFindings = {
  splices: [],
  findings: [],
  uninspected: [],
  isBlocked: false,
  tokens: [],
}

const ENTRIES_MAX = 50_000

export class BlockFindings {
  readonly #entries = new Map<string, PieceFindings>()
  readonly #entriesMax: number

  constructor(entriesMax = ENTRIES_MAX) {
    this.#entriesMax = entriesMax
  }

  /**
   * Threat: a caller that could make two blocks with one key could slip a value past the second look, so the bytes are
   * hashed by SHA-256. `context` names the rules, the caller and whatever else the result depends on.
   */
  keyOf(context: string, place: LeafPlace, bytes: Buffer): string {
    const { key, isFree, tool, isSigned } = place
    return `${context}\0${Number(isFree)}${Number(isSigned)}${tool}\0${key}\0${hash('sha256', bytes, 'base64')}`
  }

  get(key: string): PieceFindings | null {
    const found = this.#entries.get(key)
    if (found === undefined) return null
    this.#entries.delete(key)
    this.#entries.set(key, found)
    return found
  }

  set(key: string, found: PieceFindings): void {
    this.#entries.set(key, found)
    if (this.#entries.size <= this.#entriesMax) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}
