/** Remembers which trust rule let whom in, and writes it now and then: no exchange waits for that. */
import type { Clock } from '../lib/clock.ts'
import type { Principal } from '../model/principal.ts'
import type { TrustRuleUse, TrustRuleUseTable } from '../model/trust.ts'

const FLUSH_MS = 5_000
/** Threat: an issuer that makes up actors must not fill the memory. */
const KEPT_MAX = 5_000

export interface RuleUses extends AsyncDisposable {
  readonly used: (principal: Principal) => void
  readonly flush: () => Promise<void>
}

export function collectRuleUses(options: {
  readonly table: TrustRuleUseTable
  readonly clock: Clock
  readonly onFailure: (error: unknown) => void
}): RuleUses {
  const { table, clock, onFailure } = options
  let uses = new Map<string, TrustRuleUse>()
  const flush = async (): Promise<void> => {
    if (uses.size === 0) return
    const written = uses
    uses = new Map()
    try {
      await table.touch([...written.values()])
    } catch (error) {
      // Uses that came meanwhile are later than these.
      uses = new Map([...written, ...uses])
      onFailure(error)
    }
  }
  const timer = setInterval(() => void flush(), FLUSH_MS)
  timer.unref()
  return {
    used: ({ rule = '', actor = '', id }) => {
      if (rule === '') return
      const name = `${rule} ${actor}`
      if (uses.size >= KEPT_MAX && !uses.has(name)) return
      uses.set(name, { rule, actor, principal: id, lastUsedAtMs: clock.nowMs() })
    },
    flush,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await flush()
    },
  }
}
