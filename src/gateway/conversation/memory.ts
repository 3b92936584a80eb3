/** Remembers what each conversation has sent and been answered: a value or a block is new once, then it is carried over. */
import { oldestFirst } from '../../lib/oldest-first.ts'

/** What Custody itself saw; a caller's own history proves nothing. */
export interface Remembered {
  /** Names the conversation; the same for all its turns. */
  readonly conversation: string
  /** Fingerprints of values that left as they were. */
  readonly values: ReadonlySet<string>
  /** Fingerprints of values that left masked, and in no other way. */
  readonly masked: ReadonlySet<string>
  /** Length of each block that left, by the digest of what it says. */
  readonly blocks: ReadonlyMap<string, number>
  /** Digests of the answers that came back. */
  readonly answers: ReadonlySet<string>
}

export interface Sending {
  readonly conversation: string
  readonly values: readonly string[]
  readonly masked: readonly string[]
  readonly blocks: Iterable<readonly [digest: string, bytes: number]>
}

export interface ConversationMemory {
  /** The first of these names that is known; null when none is. */
  readonly find: (names: readonly string[]) => Remembered | null
  /** Called when a request is about to leave: what was refused was never sent. `prior` is what it continues. */
  readonly sent: (name: string, prior: Remembered | null, sending: Sending) => void
  /** Called with the digest of a whole answer. */
  readonly answered: (name: string, digest: string) => void
}

const CONVERSATIONS_MAX = 50_000
const VALUES_MAX = 2_000
const BLOCKS_MAX = 20_000
const ANSWERS_MAX = 2_000
/** Of all conversations together: some tens of megabytes. */
const BLOCKS_ALTOGETHER_MAX = 300_000

/** Kept in memory: after a restart everything is new again, which asks once too often and never too rarely. */
export function createConversationMemory(
  max = CONVERSATIONS_MAX,
  blocksMax = BLOCKS_ALTOGETHER_MAX,
): ConversationMemory {
  const known = new Map<string, Thread>()
  const oldestName = oldestFirst(known)
  let blocks = 0
  const forget = (name: string): void => {
    const thread = known.get(name)
    if (thread === undefined) return
    known.delete(name)
    thread.names -= 1
    if (thread.names === 0) blocks -= thread.blocks.size
  }
  return {
    find: (names) => {
      for (const name of names) {
        const thread = known.get(name)
        if (thread !== undefined) return thread
      }
      return null
    },
    sent: (name, prior, sending) => {
      const thread = prior instanceof Thread ? prior : new Thread(sending.conversation)
      // Forgotten meanwhile: what it knows counts again.
      const before = thread.names === 0 ? 0 : thread.blocks.size
      thread.names += 1
      thread.add(sending)
      blocks += thread.blocks.size - before
      forget(name)
      known.set(name, thread)
      // What has just been put in is the youngest: it goes last, and stays.
      const isTooMuch = (): boolean => known.size > max || blocks > blocksMax
      while (known.size > 1 && isTooMuch()) {
        const oldest = oldestName()
        if (oldest === undefined) return
        forget(oldest)
      }
    },
    answered: (name, digest) => {
      known.get(name)?.answered(digest)
    },
  }
}

const NO_TEXTS: ReadonlySet<string> = new Set()
const NO_BLOCKS: ReadonlyMap<string, number> = new Map()

/**
 * One conversation under the names of its turns. Too much of anything is forgotten, and is new again. There are very many, and
 * most hold nothing but an answer: collections are made when something is put into them.
 */
class Thread implements Remembered {
  readonly conversation: string
  #values: Set<string> | null = null
  #masked: Set<string> | null = null
  #blocks: Map<string, number> | null = null
  #answers: Set<string> | null = null
  names = 0

  constructor(conversation: string) {
    this.conversation = conversation
  }

  get values(): ReadonlySet<string> {
    return this.#values ?? NO_TEXTS
  }

  get masked(): ReadonlySet<string> {
    return this.#masked ?? NO_TEXTS
  }

  get blocks(): ReadonlyMap<string, number> {
    return this.#blocks ?? NO_BLOCKS
  }

  get answers(): ReadonlySet<string> {
    return this.#answers ?? NO_TEXTS
  }

  add({ values, masked, blocks }: Sending): void {
    for (const value of values) {
      this.#values ??= new Set()
      this.#values.add(value)
      this.#masked?.delete(value)
    }
    for (const value of masked) {
      if (this.values.has(value)) continue
      this.#masked ??= new Set()
      this.#masked.add(value)
    }
    for (const [digest, bytes] of blocks) {
      this.#blocks ??= new Map()
      this.#blocks.set(digest, Math.max(bytes, this.#blocks.get(digest) ?? 0))
    }
    if (this.values.size > VALUES_MAX) this.#values = null
    if (this.masked.size > VALUES_MAX) this.#masked = null
    if (this.blocks.size > BLOCKS_MAX) this.#blocks = null
  }

  answered(digest: string): void {
    if (this.answers.size >= ANSWERS_MAX) this.#answers = null
    this.#answers ??= new Set()
    this.#answers.add(digest)
  }
}
