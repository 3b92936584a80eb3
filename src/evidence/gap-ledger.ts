/** Counts what could not be recorded, so that the hole itself can become a record. */
import type { EvidenceEvent } from '../model/record.ts'

const IDS_MAX = 200

export class GapLedger {
  #fromMs: number | null = null
  #exchanges = 0
  #refusals = 0
  #lostBytes = 0
  #ids: string[] = []

  exchange(id: string, atMs: number): void {
    this.#fromMs ??= atMs
    this.#exchanges += 1
    if (this.#ids.length < IDS_MAX) this.#ids.push(id)
  }

  refusal(atMs: number): void {
    this.#fromMs ??= atMs
    this.#refusals += 1
  }

  bytes(count: number, id: string, atMs: number): void {
    this.#fromMs ??= atMs
    this.#lostBytes += count
    if (this.#ids.length < IDS_MAX) this.#ids.push(id)
  }

  /** The event for everything counted since the last call; null when nothing was. */
  take(toMs: number, reason: string): EvidenceEvent | null {
    if (this.#fromMs === null) return null
    const event: EvidenceEvent = {
      type: 'recording.gap',
      atMs: toMs,
      actor: '',
      details: {
        fromMs: this.#fromMs,
        toMs,
        reason,
        exchanges: this.#exchanges,
        refusals: this.#refusals,
        lostBytes: this.#lostBytes,
        ids: this.#ids.join(' '),
      },
    }
    this.#fromMs = null
    this.#exchanges = 0
    this.#refusals = 0
    this.#lostBytes = 0
    this.#ids = []
    return event
  }
}
