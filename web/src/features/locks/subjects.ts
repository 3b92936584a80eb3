/** What of an exchange can be locked, as far as it is known. */
import type { LockSubject } from '../../api/locks.ts'

/** Empty ones and repetitions are left out; the order stays. */
export function distinctSubjects(subjects: readonly LockSubject[]): readonly LockSubject[] {
  const seen = new Set<string>()
  return subjects.filter(({ kind, value }) => {
    const name = `${kind} ${value}`
    if (value === '' || seen.has(name)) return false
    seen.add(name)
    return true
  })
}

export interface LockableExchange {
  readonly exchange: {
    readonly principal: string
    readonly keyId: string | null
    readonly service: string
    readonly declaredService: string
    readonly upstream: string
    readonly model: string | null
    readonly conversation: string | null
    /** Where none was declared: what was said up to here. */
    readonly linked: string | null
  }
  /** People behind it: its owner, who set it off. */
  readonly people: readonly string[]
}

export function subjectsOf({ exchange, people }: LockableExchange): readonly LockSubject[] {
  return [
    { kind: 'principal', value: exchange.principal },
    ...people.map((value): LockSubject => ({ kind: 'person', value })),
    { kind: 'key', value: exchange.keyId ?? '' },
    { kind: 'service', value: exchange.service },
    { kind: 'service', value: exchange.declaredService },
    { kind: 'upstream', value: exchange.upstream },
    { kind: 'model', value: exchange.model ?? '' },
    { kind: 'conversation', value: exchange.conversation ?? exchange.linked ?? '' },
  ]
}
