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

/** In two generations: to note with every turn which blocks of a long history were used last would cost more than to look them up. */
export class BlockFindings {
  #recent = new Map<string, PieceFindings>()
  /** What was not asked for since it was recent goes with it. */
  #older: ReadonlyMap<string, PieceFindings> = new Map()
  readonly #recentMax: number

  constructor(entriesMax = ENTRIES_MAX) {
    this.#recentMax = Math.ceil(entriesMax / 2)
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
    const recent = this.#recent.get(key)
    if (recent !== undefined) return recent
    const older = this.#older.get(key)
    if (older === undefined) return null
    this.set(key, older)
    return older
  }

  set(key: string, found: PieceFindings): void {
    this.#recent.set(key, found)
    if (this.#recent.size < this.#recentMax) return
    this.#older = this.#recent
    this.#recent = new Map()
  }
}
