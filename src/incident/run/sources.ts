/** Who stands behind the exchanges of a case: keys with their owners, CI jobs with their runs, and why each is worth a look. */
import type { KeyStanding } from '../../identity/key-ownership.ts'
import type { KeyRow } from '../../model/keys.ts'
import type { ExchangeRow } from '../../model/record.ts'
import type { CiRun } from '../ci-run.ts'

export interface PinnedExchange {
  readonly row: ExchangeRow
  /** Its answer returned what leaked. */
  readonly returned: boolean
}

export interface SourceFacts {
  /** Null for a principal that came without a key of ours. */
  readonly key: KeyRow | null
  readonly standing: KeyStanding | null
  readonly run: CiRun
  readonly pinned: readonly PinnedExchange[]
  /** Ids of locks that hold it now. */
  readonly locks: readonly string[]
  readonly nowMs: number
}

export interface Source {
  readonly principal: string
  readonly key: string | null
  readonly keyName: string
  readonly owner: string
  readonly keyState: 'active' | 'expired' | 'revoked' | 'none'
  readonly service: string
  readonly run: CiRun
  readonly exchanges: number
  readonly returned: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly lastExchange: string
  readonly locks: readonly string[]
  /** What makes it stand out, the gravest first. */
  readonly why: readonly string[]
  /** Likelier the origin of what leaked, the higher. */
  readonly weight: number
}

/** Most suspect first. */
export function rankedSources(sources: readonly Source[]): readonly Source[] {
  return sources.toSorted((a, b) => b.weight - a.weight || a.firstAtMs - b.firstAtMs)
}

export function sourceOf(facts: SourceFacts): Source {
  const { key, pinned, run, locks, nowMs } = facts
  const rows = pinned.map(({ row }) => row)
  const [first, last] = [rows[0], rows.at(-1)]
  const returned = pinned.filter((one) => one.returned).length
  const reasons = reasonsOf(facts, returned)
  return {
    principal: first?.principal ?? '',
    key: key?.id ?? first?.keyId ?? null,
    keyName: key?.name ?? '',
    owner: key?.owner ?? '',
    keyState: key === null ? 'none' : stateOf(key, nowMs),
    service: first?.service ?? '',
    run,
    exchanges: rows.length,
    returned,
    firstAtMs: first?.receivedAtMs ?? 0,
    lastAtMs: last?.receivedAtMs ?? 0,
    lastExchange: last?.id ?? '',
    locks,
    why: reasons.map(([why]) => why),
    weight: reasons.reduce((sum, [, weight]) => sum + weight, 0),
  }
}

type Reason = readonly [why: string, weight: number]

function reasonsOf({ key, standing, run, nowMs }: SourceFacts, returned: number): Reason[] {
  const reasons: Reason[] = []
  if (returned > 0)
    reasons.push([
      returned === 1
        ? 'an answer to it returned the text'
        : `${returned} answers returned the text`,
      4,
    ])
  const flags = standing?.flags ?? []
  if (flags.includes('owner-gone')) reasons.push([`the owner ${key?.owner ?? ''} has left`, 5])
  if (flags.includes('ownerless')) reasons.push(['its owner is no person here', 1])
  if (key !== null && stateOf(key, nowMs) !== 'active')
    reasons.push(['the key is no longer valid', 0])
  if (run.by !== 'nothing')
    reasons.push([
      run.by === 'proven' ? 'a CI job sent it, as proven' : 'a CI job sent it, as declared',
      2,
    ])
  return reasons.toSorted(([, a], [, b]) => b - a)
}

function stateOf({ revokedAtMs, expiresAtMs }: KeyRow, nowMs: number): Source['keyState'] {
  if (revokedAtMs !== null) return 'revoked'
  return expiresAtMs !== null && expiresAtMs <= nowMs ? 'expired' : 'active'
}
