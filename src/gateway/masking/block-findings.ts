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

/**
 * Two halves: what the older one has and is asked for again moves to the younger; when that is full it becomes the older
 * one. To note with every turn which blocks of a long history were used last would cost more than to look them up.
 */
export class BlockFindings {
  #young = new Map<string, PieceFindings>()
  #old = new Map<string, PieceFindings>()
  readonly #halfMax: number

  constructor(entriesMax = ENTRIES_MAX) {
    this.#halfMax = Math.max(1, Math.floor(entriesMax / 2))
  }

  /**
   * Threat: a caller that could make two blocks with one key could slip a value past the second look, so the bytes are
   * hashed by SHA-256. `context` names the rules, the caller and whatever else the result depends on.
   */
  keyOf(context: string, place: LeafPlace, bytes: Buffer): string {
    const { key, isFree, tool, isSigned } = place
    return `${hash('sha256', bytes, 'base64')}${Number(isFree)}${Number(isSigned)}${tool}\0${key}\0${context}`
  }

  get(key: string): PieceFindings | null {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old === undefined) return null
    this.set(key, old)
    return old
  }

  set(key: string, found: PieceFindings): void {
    this.#young.set(key, found)
    if (this.#young.size <= this.#halfMax) return
    this.#old = this.#young
    this.#young = new Map()
  }
}
