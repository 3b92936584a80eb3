/** Whether a grant covers what rules hold: the same request, or nothing beyond what was approved. */
import type { AskedRule, Grant } from '../model/approval.ts'

export interface HeldRequest {
  readonly digest: string
  readonly principal: string
  readonly upstream: string
  readonly conversation: string | null
  readonly asks: readonly AskedRule[]
  /** Fingerprints of values that its conversation has sent masked only. */
  readonly sentMasked: ReadonlySet<string>
}

/** `use` counts against the grant; `carry` is what was sent already and only stays in its conversation. */
export type Coverage = 'use' | 'carry'

export interface Covering {
  readonly grant: Grant
  readonly coverage: Coverage
}

/** Null where a human must be asked. A grant that masks is preferred to one that does not. */
export function coveringGrant(
  grants: readonly Grant[],
  held: HeldRequest,
  nowMs: number,
): Covering | null {
  const covering = grants.flatMap((grant) => {
    const how = coverage(grant, held, nowMs)
    return how === null ? [] : [{ grant, coverage: how }]
  })
  return covering.find(({ grant }) => grant.masked) ?? covering[0] ?? null
}

export function coverage(grant: Grant, held: HeldRequest, nowMs: number): Coverage | null {
  if (grant.revokedAtMs !== null || nowMs >= grant.carryUntilMs) return null
  if (grant.principal !== held.principal || grant.upstream !== held.upstream) return null
  const isGranted = held.asks.every((ask) => {
    const granted = grant.rules.find(({ rule }) => rule === ask.rule)
    return granted !== undefined && isWithin(ask.findings, granted.findings)
  })
  if (!isGranted) return null
  const isConversation = grant.conversation !== null && grant.conversation === held.conversation
  const isCurrent =
    nowMs < grant.expiresAtMs && (grant.usesMax === null || grant.uses < grant.usesMax)
  if (isCurrent && grant.digests.includes(held.digest)) return 'use'
  if (isCurrent && isConversation && grant.kind === 'conversation') return 'use'
  // What was sent masked is as new as before, except to a grant that masks it again or has let it go already.
  const isKnown = (value: string): boolean =>
    (grant.masked || grant.uses > 0) && held.sentMasked.has(value)
  const isCarried = held.asks.every(
    ({ findings, newFindings }) => newFindings.every(isKnown) && findings.length > 0,
  )
  return isConversation && isCarried ? 'carry' : null
}

/** No findings (a size, a model) are within no findings only: they say nothing about others. */
function isWithin(findings: readonly string[], granted: readonly string[]): boolean {
  if (findings.length === 0) return granted.length === 0
  const known = new Set(granted)
  return findings.every((fingerprint) => known.has(fingerprint))
}
