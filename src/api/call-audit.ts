/** Writes the audit event of one call: for evidence before anything is shown, for writes when they have happened. */
import type { Operation } from '../identity/permissions.ts'
import type { SignedIn } from '../identity/signed-in.ts'
import type { Clock } from '../lib/clock.ts'
import { isExchangeId, newControlId } from '../lib/ids.ts'
import type { AuditOutcome, AuditTable } from '../model/control.ts'
import { fail } from '../model/errors.ts'
import type { EvidenceEvent } from '../model/record.ts'

/** Evidence that does not answer within this must not hold a reader for ever. */
const NOTE_DEADLINE_MS = 5_000
const REASON_CHARS_MAX = 1000

type Details = Readonly<Record<string, string | number | boolean | null>>

/** Ids, names and numbers only: never payload, never a secret. */
export interface AuditFacts {
  readonly operation?: Operation
  /** Kind of the event in evidence; `evidence.read` unless it says what else was done. */
  readonly event?: 'trace.searched' | 'evidence.exported' | 'content.asked' | 'content.decided'
  readonly target?: string
  /** Exchanges that were shown, when `target` names something else. */
  readonly records?: readonly string[]
  readonly reason?: string
  readonly details?: Details
}

export interface CallAuditParts {
  readonly clock: Clock
  readonly table: AuditTable
  readonly note: (event: EvidenceEvent) => Promise<void>
  readonly onFault: (what: string, error: unknown) => void
}

export class CallAudit {
  readonly #parts: CallAuditParts
  readonly #operation: Operation
  readonly #address: string
  #who: SignedIn | null = null
  #facts: AuditFacts = {}
  #wasShown = false
  #hasEnded = false

  constructor(
    parts: CallAuditParts,
    call: { readonly operation: Operation; readonly address: string },
  ) {
    this.#parts = parts
    this.#operation = call.operation
    this.#address = call.address
  }

  /** The route itself has said how the call ended. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  get wasShown(): boolean {
    return this.#wasShown
  }

  by(who: SignedIn): void {
    this.#who = who
  }

  /** Facts for the event that is written at the end of the call. */
  add(facts: AuditFacts): void {
    this.#facts = {
      ...this.#facts,
      ...facts,
      details: { ...this.#facts.details, ...facts.details },
    }
  }

  /**
   * Durable in evidence and in the trail when it resolves: call it before showing what was recorded. Rejects with
   * `api.unaudited`, and then nothing may be shown.
   */
  async shown(facts: AuditFacts): Promise<void> {
    this.add(facts)
    try {
      await Promise.all([
        this.#append('allowed'),
        withDeadline(this.#note(facts.event ?? 'evidence.read')),
      ])
    } catch (error) {
      this.#parts.onFault('audit event not written', error)
      throw fail('api.unaudited', '', error)
    }
    this.#wasShown = true
  }

  /** A write that happened, or a call that was refused or failed. */
  async ended(outcome: Exclude<AuditOutcome, 'allowed'>): Promise<void> {
    this.#hasEnded = true
    try {
      await this.#append(outcome)
    } catch (error) {
      this.#parts.onFault('audit event not written', error)
      throw fail('api.unaudited', '', error)
    }
    if (outcome !== 'done') return
    // A full disk must not keep an admin from revoking a key: the trail has it, evidence gets it when it can.
    this.#note('control.changed').catch((error: unknown) => {
      this.#parts.onFault('change not noted in evidence', error)
    })
  }

  #append(outcome: AuditOutcome): Promise<void> {
    const nowMs = this.#parts.clock.nowMs()
    return this.#parts.table.append({
      id: newControlId('au', nowMs),
      atMs: nowMs,
      person: this.#who?.person.id ?? '',
      personName: this.#who?.person.login ?? '',
      operation: this.#facts.operation ?? this.#operation,
      target: this.#facts.target ?? '',
      outcome,
      reason: (this.#facts.reason ?? '').slice(0, REASON_CHARS_MAX),
      address: this.#address,
      authentication: this.#who === null ? '' : `${this.#who.authentication} ${this.#who.id}`,
      details: this.#facts.details ?? {},
    })
  }

  #note(
    type: 'control.changed' | 'evidence.read' | NonNullable<AuditFacts['event']>,
  ): Promise<void> {
    const { target = '', records } = this.#facts
    return this.#parts.note({
      type,
      atMs: this.#parts.clock.nowMs(),
      actor: this.#who?.person.login ?? '',
      details: {
        ...this.#facts.details,
        operation: this.#facts.operation ?? this.#operation,
        target,
        reason: this.#facts.reason ?? '',
        person: this.#who?.person.id ?? '',
        address: this.#address,
      },
      records: records ?? (isExchangeId(target) ? [target] : []),
    })
  }
}

async function withDeadline(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('evidence did not answer in time')), NOTE_DEADLINE_MS)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
