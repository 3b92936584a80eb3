/** Cuts a body into blocks and groups their references into lists, so that references do not grow with the history. */
import { createHash, hash, type Hash } from 'node:crypto'
import { atOnce, hashing, STEP_BYTES } from '../lib/turns.ts'
import type { Work } from '../lib/turns.ts'
import type { BlockRole, BlockSpan } from '../model/dialect.ts'
import { blockIdOf, listId, type BlockKey } from './block-ids.ts'
import type { BodyCache, CachedBody } from './body-cache.ts'
import { encodeRope, type Rope, type RopeEntry } from './rope.ts'

/** A block, or a list of parts, with its place in the body. */
export interface BodyPart {
  readonly kind: 'block' | 'list'
  readonly role: BlockRole
  readonly start: number
  readonly end: number
  readonly id: Buffer
  /** `id` in hex. */
  readonly key: string
  /** Empty for blocks. */
  readonly children: readonly BodyPart[]
}

export interface CutBody {
  readonly bytes: Buffer
  readonly sha256: string
  /** Top-level parts: what the opening record refers to. */
  readonly parts: readonly BodyPart[]
}

/** Children per list. Small, because the parts that fill no list yet are written again with every turn. */
const LIST_LENGTH = 8
const LEVELS_MAX = 15

/** True when the spans ascend, do not overlap and lie inside the body: then gaps and blocks rebuild it by construction. */
export function spansFit(spans: readonly BlockSpan[], length: number): boolean {
  let at = 0
  for (const span of spans) {
    if (!Number.isSafeInteger(span.start) || !Number.isSafeInteger(span.end)) return false
    if (span.start < at || span.end <= span.start) return false
    at = span.end
  }
  return at <= length
}

function blockOf(id: Buffer, start: number, end: number, role: BlockRole): BodyPart {
  return { kind: 'block', role, start, end, id, key: id.toString('hex'), children: [] }
}

function* opaque(key: BlockKey, bytes: Buffer): Work<CutBody> {
  const digest = yield* hashing(bytes)
  const id = blockIdOf(key, digest)
  const parts = bytes.length === 0 ? [] : [blockOf(id, 0, bytes.length, 'other')]
  return { bytes, sha256: Buffer.from(digest, 'latin1').toString('hex'), parts }
}

/** How many blocks of the earlier body are the same here: same place, same bytes. */
function sameBlocks(earlier: CachedBody, common: number, spans: readonly BlockSpan[]): number {
  const limit = Math.min(earlier.blocks.length, spans.length)
  for (let i = 0; i < limit; i += 1) {
    const block = earlier.blocks[i]
    const span = spans[i]
    if (block === undefined || span === undefined || block.end > common) return i
    if (block.start !== span.start || block.end !== span.end || block.role !== span.role) return i
  }
  return limit
}

const isDefinition = (role: BlockRole): boolean => role === 'system' || role === 'tool-definition'

/** End of the last block that is not a definition: what comes after is usually repeated at the end of every turn. */
function historyEnd(blocks: readonly BodyPart[]): number {
  return blocks.findLast((block) => !isDefinition(block.role))?.end ?? 0
}

/** Below this, hashing again is cheaper than the native object that a kept state is. */
const KEPT_STATE_MIN = 65_536

/** Hashes the body, going on from the earlier turn's state when the bytes before it are the same. */
function* digestBody(
  bytes: Buffer,
  to: number,
  found: { readonly body: CachedBody; readonly common: number } | null,
): Work<{ readonly sha256: string; readonly state: Hash | null }> {
  if (bytes.length < KEPT_STATE_MIN) return { sha256: hash('sha256', bytes, 'hex'), state: null }
  const usable = found !== null && found.common >= found.body.hashedTo && found.body.hashedTo <= to
  const earlier = usable ? found.body.hashState : null
  const state = earlier === null ? createHash('sha256') : earlier.copy()
  for (
    let from = earlier === null ? 0 : (found?.body.hashedTo ?? 0);
    from < to;
    from += STEP_BYTES
  ) {
    state.update(bytes.subarray(from, Math.min(from + STEP_BYTES, to)))
    yield
  }
  const sha256 = state.copy().update(bytes.subarray(to)).digest('hex')
  return { sha256, state }
}

class ListBuilder {
  readonly lists = new Map<number, BodyPart>()
  readonly #key: BlockKey
  readonly #bytes: Buffer
  readonly #known: ReadonlyMap<number, BodyPart>
  readonly #common: number

  constructor(
    key: BlockKey,
    bytes: Buffer,
    found: { readonly body: CachedBody; readonly common: number } | null,
  ) {
    this.#key = key
    this.#bytes = bytes
    this.#known = found?.body.lists ?? new Map()
    this.#common = found?.common ?? 0
  }

  /** Groups full runs into lists, level by level. `whole` also groups the rest: for parts that no turn adds to. */
  group(parts: readonly BodyPart[], whole: boolean, level = 1): readonly BodyPart[] {
    const full = parts.length - (parts.length % LIST_LENGTH)
    if (level > LEVELS_MAX || (full === 0 && !(whole && parts.length > 1))) return parts
    const lists: BodyPart[] = []
    for (let at = 0; at < full; at += LIST_LENGTH) {
      lists.push(this.#list(parts, at, at + LIST_LENGTH, level))
    }
    const rest = parts.slice(full)
    if (whole && rest.length > 1) lists.push(this.#list(parts, full, parts.length, level))
    else if (whole) lists.push(...rest)
    const grouped = this.group(lists, whole, level + 1)
    return whole ? grouped : [...grouped, ...rest]
  }

  #list(parts: readonly BodyPart[], from: number, to: number, level: number): BodyPart {
    const start = parts[from]?.start ?? 0
    const end = parts[to - 1]?.end ?? 0
    const place = start * 16 + level
    const known = this.#known.get(place)
    const part =
      known !== undefined && known.end === end && end <= this.#common
        ? known
        : this.#make(parts.slice(from, to), start, end)
    this.lists.set(place, part)
    return part
  }

  #make(children: readonly BodyPart[], start: number, end: number): BodyPart {
    const id = listId(this.#key, encodeList(this.#bytes, children))
    return { kind: 'list', role: 'other', start, end, id, key: id.toString('hex'), children }
  }
}

function entriesOf(bytes: Buffer, parts: readonly BodyPart[], from: number): RopeEntry[] {
  let at = from
  return parts.map((part) => {
    const gap = bytes.subarray(at, part.start)
    at = part.end
    return { gap, kind: part.kind, role: part.role, id: part.id, bytes: part.end - part.start }
  })
}

const NOTHING = Buffer.alloc(0)

/** The payload of a list frame: the gap before the first child belongs to whoever refers to the list. */
export function encodeList(bytes: Buffer, children: readonly BodyPart[]): Buffer {
  return encodeRope({ entries: entriesOf(bytes, children, children[0]?.start ?? 0), end: NOTHING })
}

/** The layout that an opening record holds. */
export function ropeOf(body: CutBody): Rope {
  const end = body.parts.at(-1)?.end ?? 0
  return { entries: entriesOf(body.bytes, body.parts, 0), end: body.bytes.subarray(end) }
}

/** Runs of definitions and runs of messages are grouped apart, so that a new message moves no definition. */
function topParts(builder: ListBuilder, blocks: readonly BodyPart[]): readonly BodyPart[] {
  const parts: BodyPart[] = []
  for (let from = 0; from < blocks.length;) {
    const definition = isDefinition(blocks[from]?.role ?? 'other')
    let to = from + 1
    while (to < blocks.length && isDefinition(blocks[to]?.role ?? 'other') === definition) to += 1
    parts.push(...builder.group(blocks.slice(from, to), definition))
    from = to
  }
  return parts
}

/** Cuts `bytes` at `spans`. A body whose spans do not fit becomes one opaque block. */
export function cutBody(...cut: Parameters<typeof cutting>): CutBody {
  return atOnce(cutting(...cut))
}

/** The same in steps. */
export function* cutting(
  key: BlockKey,
  cache: BodyCache,
  scope: string,
  bytes: Buffer,
  spans: readonly BlockSpan[],
): Work<CutBody> {
  if (spans.length === 0 || !spansFit(spans, bytes.length)) return yield* opaque(key, bytes)
  const found = cache.find(scope, bytes, spans)
  const same = found === null ? 0 : sameBlocks(found.body, found.common, spans)
  const blocks = found === null ? [] : found.body.blocks.slice(0, same)
  for (let i = same; i < spans.length; i += 1) {
    const span = spans[i]
    if (span === undefined) break
    const digest = yield* hashing(bytes.subarray(span.start, span.end))
    blocks.push(blockOf(blockIdOf(key, digest), span.start, span.end, span.role))
    yield
  }
  const builder = new ListBuilder(key, bytes, found)
  const parts = topParts(builder, blocks)
  const hashedTo = historyEnd(blocks)
  const { sha256, state } = yield* digestBody(bytes, hashedTo, found)
  const cached: CachedBody = { bytes, blocks, lists: builder.lists, hashedTo, hashState: state }
  const continues = found !== null && found.common >= found.body.hashedTo
  cache.add(scope, cached, spans, continues ? found.body : null)
  return { bytes, sha256, parts }
}
