/** Keeps how far a verification came in a file of the verifier, so that a long one can be stopped and gone on with. */
import { hash } from 'node:crypto'
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { VerifyState } from '../evidence/verify/verify-folder.ts'
import type { Clock } from '../lib/clock.ts'

const MAGIC = 'custody-verify-state 3'
const SAVE_EVERY_MS = 5_000

interface StoredState {
  readonly folder: string
  /** Whom it trusted, and whether it opened payloads: another question has no use of its answers. */
  readonly asked: string
  readonly state: VerifyState
}

export type StateReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'found'; readonly state: VerifyState }
  | { readonly kind: 'refused'; readonly reason: string }

export class VerifyStateFile {
  readonly #path: string
  readonly #folder: string
  readonly #asked: string
  readonly #clock: Clock
  #savedMs: number

  constructor(path: string, folder: string, asked: string, clock: Clock) {
    this.#path = path
    this.#folder = resolve(folder)
    this.#asked = hash('sha256', asked, 'hex')
    this.#clock = clock
    this.#savedMs = clock.monotonicMs()
  }

  read(): StateReading {
    if (statSync(this.#path, { throwIfNoEntry: false }) === undefined) return { kind: 'none' }
    const bytes = readFileSync(this.#path)
    const end = bytes.indexOf('\n')
    const body = bytes.subarray(end + 1)
    if (bytes.toString('latin1', 0, Math.max(end, 0)) !== headOf(body))
      return { kind: 'refused', reason: 'it is no state of a verification, or was cut short' }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its digest says that this version wrote it
    const stored = deserialize(body) as StoredState
    if (stored.folder !== this.#folder)
      return { kind: 'refused', reason: `it is of ${stored.folder}` }
    if (stored.asked !== this.#asked)
      return { kind: 'refused', reason: 'it was made with another --policy, --known or --open' }
    return { kind: 'found', state: stored.state }
  }

  /** Now and then, and always when `last`. */
  save(make: () => VerifyState, last: boolean): void {
    const nowMs = this.#clock.monotonicMs()
    if (!last && nowMs - this.#savedMs < SAVE_EVERY_MS) return
    const stored: StoredState = { folder: this.#folder, asked: this.#asked, state: make() }
    const body = serialize(stored)
    const file = Buffer.concat([Buffer.from(`${headOf(body)}\n`), body])
    writeFileSync(`${this.#path}.new`, file, { mode: 0o600 })
    renameSync(`${this.#path}.new`, this.#path)
    this.#savedMs = nowMs
  }
}

const headOf = (body: Buffer): string => `${MAGIC} ${hash('sha256', body, 'hex')}`
