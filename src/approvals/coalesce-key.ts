/** Names what shares a card: one principal's requests that are held for the same findings by the same rules. */
import { hash } from 'node:crypto'
import type { AskedRule, FrozenRequest } from '../model/approval.ts'

/** A rule that speaks of no finding (a size, a keyword without one) binds the card to the one request. */
export function coalesceKey(request: FrozenRequest, asks: readonly AskedRule[]): string {
  const isAboutFindings = asks.every(({ findings }) => findings.length > 0)
  const rules = asks
    .map(({ rule, findings }) => [rule, ...findings.toSorted()])
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))
  const named = [
    request.principal,
    request.service,
    request.upstream,
    request.model,
    request.policy,
    isAboutFindings ? '' : request.digest,
    rules,
  ]
  return hash('sha256', JSON.stringify(named), 'hex')
}
