/** The shape of a thread: which turn continues which, where it forks, and what each turn added. Pure. */
import type { Thread } from '../../api/conversations.ts'
import type { ContentBlock } from '../../api/content.ts'

type Blocks = readonly ContentBlock[]

export interface Turn {
  readonly number: number
  readonly exchange: Thread['exchanges'][number]['exchange']
  /** Id of the exchange that it continues; null where the thread begins. */
  readonly parent: string | null
  /** How the parent is known: named by the request, seen in its context, taken for the one before; `unsure`: several could be it. */
  readonly by: 'named' | 'context' | 'order' | 'unsure' | 'none'
  /** 0 for the trunk; each fork opens the next. */
  readonly lane: number
  readonly isFork: boolean
}

export function shapeOf(thread: Thread, contexts: ReadonlyMap<string, Blocks>): readonly Turn[] {
  const turns: Turn[] = []
  const continued = new Set<string>()
  let lanes = 0
  for (const one of thread.exchanges) {
    const { exchange } = one
    const { parent, by } = recorded(one) ?? found(exchange.id, turns, contexts)
    const before = turns.find((turn) => turn.exchange.id === parent)
    const isFork = parent !== null && continued.has(parent)
    const staysOnLane = before !== undefined && !isFork
    const lane = staysOnLane ? before.lane : lanes
    if (!staysOnLane) lanes += 1
    if (parent !== null) continued.add(parent)
    turns.push({ number: turns.length + 1, exchange, parent, by, lane, isFork })
  }
  return turns
}

/** What the record itself says; null where it says nothing. */
function recorded({
  parent,
  link,
}: Thread['exchanges'][number]): Pick<Turn, 'parent' | 'by'> | null {
  if (link === 'unsure') return { parent: null, by: 'unsure' }
  return parent === null ? null : { parent, by: link === 'named' ? 'named' : 'context' }
}

/** Without a name for it: the turn whose whole context this one begins with, the longest such. */
function found(
  id: string,
  earlier: readonly Turn[],
  contexts: ReadonlyMap<string, Blocks>,
): Pick<Turn, 'parent' | 'by'> {
  const last = earlier.at(-1)
  if (last === undefined) return { parent: null, by: 'none' }
  const mine = talkIds(contexts.get(id))
  const known = earlier.flatMap((turn) => {
    const theirs = talkIds(contexts.get(turn.exchange.id))
    return theirs === null || mine === null
      ? []
      : [{ turn, length: theirs.length, common: commonLength(theirs, mine) }]
  })
  if (mine === null || known.length < earlier.length)
    return { parent: last.exchange.id, by: 'order' }
  const same = known.find(({ length, common }) => common === length && common === mine.length)
  if (same !== undefined) return { parent: same.turn.parent, by: same.turn.by }
  const whole = known.filter(({ length, common }) => common === length && length > 0)
  // Some clients mark the blocks of the past anew in each turn, so the whole context is not always found again.
  const candidates = whole.length > 0 ? whole : known.filter(({ common }) => common > 0)
  const best = candidates.reduce<(typeof known)[number] | null>(
    (longest, one) => (longest === null || one.common >= longest.common ? one : longest),
    null,
  )
  return best === null
    ? { parent: null, by: 'none' }
    : { parent: best.turn.exchange.id, by: 'context' }
}

export interface Added {
  readonly blocks: Blocks
  /** Tool definitions that the turn before did not have. */
  readonly tools: number
  /** Blocks that were sent again. */
  readonly carried: number
}

/** What a turn has that the one it continues had not. */
export function addedBy(blocks: Blocks, before: Blocks | undefined): Added {
  const seen = new Set((before ?? []).map(({ id }) => id))
  const common = commonLength(talkIds(before) ?? [], talkIds(blocks) ?? [])
  let talked = 0
  const added = blocks.filter((block) => {
    if (block.role === 'tool-definition') return false
    if (block.role === 'system') return !seen.has(block.id)
    talked += 1
    return talked > common
  })
  const tools = blocks.filter(({ role, id }) => role === 'tool-definition' && !seen.has(id)).length
  return { blocks: added, tools, carried: blocks.length - added.length - tools }
}

/** Tool definitions and instructions stand before or after the talk, as the dialect has it; they do not order it. */
function talkIds(blocks: Blocks | undefined): readonly string[] | null {
  if (blocks === undefined) return null
  return blocks
    .filter(({ role }) => role !== 'tool-definition' && role !== 'system')
    .map(({ id }) => id)
}

function commonLength(some: readonly string[], others: readonly string[]): number {
  let length = 0
  while (length < some.length && length < others.length && some[length] === others[length])
    length += 1
  return length
}
