/** Names the context of a request by keyed digests: what it holds, whose context it continues, and by which answer. */
import { createHmac, hash } from 'node:crypto'
import { answerDigest, canonicalParts, saidDigest } from '../../dialects/canonical-parts.ts'
import type { CanonicalPart } from '../../dialects/canonical-parts.ts'
import { oldestFirst } from '../../lib/oldest-first.ts'
import { createTextHmac } from '../../lib/hmac.ts'
import { atOnce } from '../../lib/turns.ts'
import type { Work } from '../../lib/turns.ts'
import type { AnswerView, BlockRole, BlockSpan } from '../../model/dialect.ts'
import type { ContextLinks } from '../../model/record.ts'

export interface BlockReading {
  /** Names what it says, without what clients change from turn to turn; empty where that is nothing. */
  readonly digest: string
  /** Of its texts and calls. */
  readonly chars: number
}

export interface ContextReading {
  readonly links: ContextLinks
  /** What each block says, in the order of the blocks. */
  readonly blocks: readonly BlockReading[]
  /** What `links.end` was of each turn that this one continues, earliest first, and of itself; far apart turns are left out. */
  readonly ends: () => readonly string[]
  /** Indexes of the blocks that the caller gives out as the last answer. */
  readonly answerBlocks: readonly number[]
}

export interface ContextReader {
  /** Null where nothing is said. */
  readonly read: (blocks: readonly BlockSpan[], bytes: Buffer) => ContextReading | null
  /** The same in steps. */
  readonly reading: (blocks: readonly BlockSpan[], bytes: Buffer) => Work<ContextReading | null>
  /** What `answer` of the request that continues this answer will be. */
  readonly answer: (view: AnswerView) => string
}

const BLOCKS_MAX = 20_000
/** Of what the answers among them say. */
const SAID_CHARS_MAX = 16 * 1024 * 1024
/** Larger blocks are media, mostly: their bytes name them. */
const READ_MAX = 256 * 1024
const DIGEST_CHARS = 32
/** Of blocks that are read in one step. */
const STEP_BYTES = 32 * 1024
/** A conversation of more turns than twice this is known by its first and its latest ones. */
const ENDS_MAX = 256
/** Of what is hashed to name earlier turns; a digest of SHA-256 has so many characters in base64. */
const PART_CHARS = 44
const ENDS_CHARS_MAX = 32 * 1024 * 1024
const SPOKEN: ReadonlySet<BlockRole> = new Set(['user', 'assistant', 'tool'])

/** A block that was met before. */
interface KnownBlock {
  readonly parts: readonly CanonicalPart[]
  readonly reading: BlockReading
}

function knownBlock(parts: readonly CanonicalPart[]): KnownBlock {
  const [only] = parts
  const digest =
    parts.length === 1 && only !== undefined
      ? only.digest
      : parts.map(({ digest: one }) => one).join()
  return { parts, reading: { digest, chars: charsOf(parts) } }
}

const UNREAD = knownBlock([])

export function createContextReader(master: Buffer): ContextReader {
  const key = createHmac('sha256', master).update('custody/context/v1').digest()
  const hmac = createTextHmac(key)
  const keyed = (text: string): string => hmac(text).slice(0, DIGEST_CHARS)
  const known = new KnownBlocks()
  const blockOf = (bytes: Buffer, role: BlockRole): KnownBlock => {
    const name = hash('sha256', bytes, 'binary')
    const found = known.find(role, name)
    if (found !== undefined) return found
    const block = knownBlock(
      bytes.length > READ_MAX
        ? [{ digest: `${role}${hash('sha256', bytes, 'base64')}`, said: null }]
        : canonicalParts(bytes, role),
    )
    known.add(role, name, block)
    return block
  }
  /** Answers are sent back with every turn, so what names them is remembered by the digests of their parts. */
  const named = new Map<string, string>()
  const nameOf = (answer: readonly CanonicalPart[]): string => {
    const parts = answer.map(({ digest }) => digest).join()
    const found = named.get(parts)
    if (found !== undefined) return found
    const name = keyed(saidDigest(answer.flatMap(({ said }) => (said === null ? [] : [said]))))
    if (named.size >= BLOCKS_MAX) named.clear()
    named.set(parts, name)
    return name
  }
  const reading = function* (
    blocks: readonly BlockSpan[],
    bytes: Buffer,
  ): Work<ContextReading | null> {
    let paused = 0
    const system: string[] = []
    const turns: CanonicalPart[] = []
    const digests: string[] = []
    /** By turn: did the model say it? */
    const isAnswer: boolean[] = []
    /** By turn: the block it stands in. */
    const standsIn: number[] = []
    const read: BlockReading[] = []
    // By index: this loop runs over the whole history with every turn.
    for (let at = 0; at < blocks.length; at += 1) {
      const span = blocks[at]
      if (span === undefined) continue
      const { start, end, role } = span
      if (start - paused >= STEP_BYTES) {
        paused = start
        yield
      }
      const isSpoken = SPOKEN.has(role)
      const block =
        isSpoken || role === 'system' ? blockOf(bytes.subarray(start, end), role) : UNREAD
      read.push(block.reading)
      for (const part of block.parts) {
        if (!isSpoken) {
          system.push(part.digest)
          continue
        }
        turns.push(part)
        digests.push(part.digest)
        isAnswer.push(role === 'assistant')
        standsIn.push(at)
      }
    }
    if (turns.length === 0) return null
    const before = `${system.join()}\0`
    const chain = (length: number): string => keyed(before + digests.slice(0, length).join())
    // A last word of the model that the caller wrote is a prefill: it begins the answer.
    const length = isAnswer.lastIndexOf(false) + 1
    const end = chain(length)
    const ends = (): readonly string[] => {
      const turnEnds = isAnswer.flatMap((is, at) =>
        is && at > 0 && at < length && isAnswer[at - 1] === false ? [at] : [],
      )
      const named =
        turnEnds.length <= 2 * ENDS_MAX
          ? turnEnds
          : [...turnEnds.slice(0, ENDS_MAX), ...turnEnds.slice(-ENDS_MAX)]
      let chars = 0
      const affordable = named.filter((at) => {
        chars += at * PART_CHARS
        return chars <= ENDS_CHARS_MAX
      })
      return [...affordable.map(chain), end]
    }
    const last = length === 0 ? -1 : isAnswer.lastIndexOf(true, length - 1)
    if (last < 0)
      return { links: { end, parent: null, answer: null }, ends, blocks: read, answerBlocks: [] }
    const first = isAnswer.lastIndexOf(false, last) + 1
    const answer = turns.slice(first, last + 1)
    return {
      links: { end, parent: chain(first), answer: nameOf(answer) },
      ends,
      blocks: read,
      // A part that is neither text nor a call is in no answer that was read.
      answerBlocks: answer.every(({ said }) => said !== null)
        ? [...new Set(standsIn.slice(first, last + 1))]
        : [],
    }
  }
  return {
    read: (blocks, bytes) => atOnce(reading(blocks, bytes)),
    reading,
    answer: ({ text, toolCalls }) => keyed(answerDigest(text, toolCalls)),
  }
}

/** Blocks that were met before; the oldest are forgotten. */
class KnownBlocks {
  readonly #known = new Map<string, KnownBlock & { readonly role: BlockRole }>()
  readonly #oldest = oldestFirst(this.#known)
  #chars = 0

  /** The same bytes say something else in another role, which is rare: then they are read again. */
  find(role: BlockRole, name: string): KnownBlock | undefined {
    const found = this.#known.get(name)
    return found?.role === role ? found : undefined
  }

  add(role: BlockRole, name: string, { parts, reading }: KnownBlock): void {
    this.#forget(name)
    this.#known.set(name, { role, parts, reading })
    this.#chars += reading.chars
    while (this.#known.size > BLOCKS_MAX || this.#chars > SAID_CHARS_MAX) {
      const oldest = this.#oldest()
      if (oldest === undefined) return
      this.#forget(oldest)
    }
  }

  #forget(name: string): void {
    this.#chars -= this.#known.get(name)?.reading.chars ?? 0
    this.#known.delete(name)
  }
}

function charsOf(parts: readonly CanonicalPart[]): number {
  let chars = 0
  for (const { said } of parts)
    if (said !== null) chars += said.kind === 'text' ? said.text.length : said.arguments.length
  return chars
}
