/** Remembers which values each conversation has sent: a value is new once, then it is carried over. */

export interface Prior {
  /** Names the conversation; the same for all its turns. */
  readonly conversation: string
  /** Fingerprints that were sent before. */
  readonly values: ReadonlySet<string>
}

export interface ConversationMemory {
  /** The first of these names that is known; null when none is. */
  readonly find: (names: readonly string[]) => Prior | null
  /** Called when a request is about to leave: what was refused was never sent. */
  readonly sent: (name: string, prior: Prior) => void
}

const CONVERSATIONS_MAX = 50_000
const VALUES_MAX = 2_000

/** Kept in memory: after a restart values are new again, which asks once too often and never too rarely. */
export function createConversationMemory(max = CONVERSATIONS_MAX): ConversationMemory {
  const known = new Map<string, Prior>()
  return {
    find: (names) => {
      for (const name of names) {
        const prior = known.get(name)
        if (prior !== undefined) return prior
      }
      return null
    },
    sent: (name, prior) => {
      known.delete(name)
      known.set(name, prior.values.size <= VALUES_MAX ? prior : { ...prior, values: new Set() })
      if (known.size <= max) return
      const [oldest] = known.keys()
      if (oldest !== undefined) known.delete(oldest)
    },
  }
}
