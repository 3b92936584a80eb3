/** Takes away everything that was derived from erased exchanges: postings, approvals, tokens, samples of hunts. */
import { forgetErased } from '../approvals/forget-erased.ts'
import type { Forgotten } from '../evidence/erasure/eraser.ts'
import type { Clock } from '../lib/clock.ts'
import type { Store, StoreOptions } from '../store/store.ts'
import { traceForgetter } from './forget-traces.ts'

export interface Forgetting {
  readonly forgetDerived: (forgotten: Forgotten) => Promise<void>
  /** Called after each erasure, by those who hold something in memory. */
  readonly listeners: Set<() => void>
}

export function createForgetting(storage: StoreOptions, store: Store, clock: Clock): Forgetting {
  const forgetTraces = traceForgetter(storage)
  const listeners = new Set<() => void>()
  const { approvals, maskTokens, hunts, scrub } = store.control
  return {
    listeners,
    forgetDerived: async (forgotten) => {
      await forgetTraces(forgotten)
      await forgetErased(approvals, clock, forgotten.exchanges)
      await maskTokens.forget(forgotten.exchanges)
      await hunts.forget(forgotten.exchanges)
      for (const forget of listeners) forget()
      await scrub()
    },
  }
}
