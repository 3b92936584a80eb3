/** A conversation as a film: each turn is a scene in which the context window fills, is judged, and is answered. Pure. */
import type { Content, ContentBlock, ContentPart } from '../../api/content.ts'
import type { ExchangeDetail } from '../../api/exchanges.ts'
import type { Marker } from '../replay/timeline.ts'
import type { Turn } from '../conversation/shape.ts'
import { addedBy } from '../conversation/shape.ts'

/** Who put it into the window. */
export type Source = 'system' | 'tools' | 'user' | 'tool' | 'model' | 'unread'

/** A place in the window that detection saw something in; bytes from its beginning. */
export interface Glow {
  readonly from: number
  readonly to: number
  readonly entity: string
  readonly rule: string
  readonly isMasked: boolean
}

export interface FilmBlock {
  readonly key: string
  readonly source: Source
  readonly isCarried: boolean
  /** Bytes from the beginning of the window, which holds blocks and nothing between them. */
  readonly from: number
  readonly bytes: number
  readonly parts: readonly ContentPart[]
  readonly glows: readonly Glow[]
}

export interface Scene {
  readonly turn: Turn
  readonly startMs: number
  readonly blocks: readonly FilmBlock[]
  readonly answer: FilmBlock | null
  /** What was judged: nothing stands out, a person was asked, or it was stopped. */
  readonly judged: 'passed' | 'held' | 'stopped'
  readonly isRead: boolean
  readonly bytes: number
  readonly carriedBytes: number
}

export interface Film {
  readonly scenes: readonly Scene[]
  readonly lengthMs: number
  /** Moments at which something new is to be seen. */
  readonly positions: readonly number[]
  readonly markers: readonly Marker[]
  /** Bytes of the fullest window. */
  readonly capacity: number
}

export interface TurnFacts {
  readonly content: Content | undefined
  readonly detail: ExchangeDetail | undefined
}

/** Every scene takes as long as every other, so that a moment stays the same when more of the film has been read. */
export const SCENE_MS = 4_500
const CARRIED_MS = 500
const ADDED_MS = 1_700
const JUDGED_MS = 700
const ANSWER_MS = 1_200
export const JUDGED_AT_MS = CARRIED_MS + ADDED_MS
export const ANSWER_AT_MS = JUDGED_AT_MS + JUDGED_MS
export const SETTLED_AT_MS = ANSWER_AT_MS + ANSWER_MS

export function filmOf(turns: readonly Turn[], facts: ReadonlyMap<string, TurnFacts>): Film {
  const scenes = turns.map((turn, at) =>
    sceneOf({
      turn,
      startMs: at * SCENE_MS,
      // Where the record is not sure, the window is compared with the one that was shown before.
      before: facts.get(turn.parent ?? turns[at - 1]?.exchange.id ?? ''),
      now: facts.get(turn.exchange.id),
    }),
  )
  const markers = scenes.flatMap(markersOf)
  return {
    scenes,
    lengthMs: scenes.length * SCENE_MS,
    positions: scenes.flatMap(momentsOf),
    markers,
    capacity: Math.max(1, ...scenes.map((scene) => scene.bytes + (scene.answer?.bytes ?? 0))),
  }
}

interface SceneParts {
  readonly turn: Turn
  readonly startMs: number
  readonly before: TurnFacts | undefined
  readonly now: TurnFacts | undefined
}

function sceneOf({ turn, startMs, before, now }: SceneParts): Scene {
  const { content, detail } = now ?? {}
  const blocks =
    content === undefined
      ? [unread(turn)]
      : blocksOf(content, before?.content?.request.blocks, detail?.findings ?? [])
  const bytes = blocks.reduce((sum, block) => sum + block.bytes, 0)
  return {
    turn,
    startMs,
    blocks,
    answer: content === undefined ? null : answerOf(content, bytes, detail?.findings ?? []),
    judged: judgedOf(turn),
    isRead: content !== undefined,
    bytes,
    carriedBytes: blocks.reduce((sum, block) => sum + (block.isCarried ? block.bytes : 0), 0),
  }
}

function judgedOf({ exchange }: Turn): Scene['judged'] {
  if (exchange.state === 'refused' || exchange.outcome === 'contained') return 'stopped'
  if (exchange.verdict === 'deny') return 'stopped'
  return exchange.verdict === 'hold' ? 'held' : 'passed'
}

function unread({ exchange }: Turn): FilmBlock {
  return {
    key: exchange.id,
    source: 'unread',
    isCarried: false,
    from: 0,
    bytes: exchange.requestBytes,
    parts: [],
    glows: [],
  }
}

type Findings = NonNullable<ExchangeDetail['findings']>

function blocksOf(
  { request }: Content,
  before: readonly ContentBlock[] | undefined,
  findings: Findings,
): readonly FilmBlock[] {
  const { blocks } = request
  if (blocks.length === 0) return opaque(request)
  const added = new Set(addedBy(blocks, before).blocks.map(({ index }) => index))
  const known = new Set((before ?? []).map(({ id }) => id))
  let from = 0
  return inWindow(blocks).map((block) => {
    const at = from
    from += block.bytes
    return {
      key: `${block.index} ${block.id}`,
      source: sourceOf(block.role),
      isCarried: block.role === 'tool-definition' ? known.has(block.id) : !added.has(block.index),
      from: at,
      bytes: block.bytes,
      parts: block.parts,
      glows: findings
        .filter((one) => one.direction === 'request' && one.block === block.index)
        .map((one) => glowOf(one, at + one.start - block.start, at, block.bytes)),
    }
  })
}

/** Models are given instructions and tools first, wherever a dialect writes them; so what is carried over stays in its place. */
function inWindow(blocks: readonly ContentBlock[]): readonly ContentBlock[] {
  const rank = ({ role }: ContentBlock): number =>
    role === 'system' ? 0 : role === 'tool-definition' ? 1 : 2
  return blocks.toSorted((a, b) => rank(a) - rank(b))
}

function opaque({ bytes, text, truncated }: Content['request']): readonly FilmBlock[] {
  if (bytes === 0) return []
  const part: ContentPart = { kind: 'text', text: text ?? '', name: null, id: null, truncated }
  const parts = text === null ? [] : [part]
  return [{ key: 'body', source: 'user', isCarried: false, from: 0, bytes, parts, glows: [] }]
}

/** A finding shines within its block, whatever the record says. */
function glowOf(one: Findings[number], start: number, from: number, bytes: number): Glow {
  const begin = Math.min(Math.max(start, from), from + bytes - 1)
  return {
    from: begin,
    to: Math.max(begin + 1, Math.min(begin + one.end - one.start, from + bytes)),
    entity: one.entity,
    rule: one.rule,
    isMasked: one.operator !== 'keep',
  }
}

function answerOf({ answer }: Content, from: number, findings: Findings): FilmBlock | null {
  const { assembled } = answer
  if (assembled === null) return null
  const texts = [assembled.reasoning, assembled.text, assembled.refusal, assembled.error ?? '']
  const said = texts.filter((text) => text !== '')
  const parts: ContentPart[] = [
    ...said.map((text) => ({
      kind: text === assembled.reasoning ? ('reasoning' as const) : ('text' as const),
      text,
      name: null,
      id: null,
      truncated: assembled.truncated,
    })),
    ...assembled.toolCalls.map((call) => ({
      kind: 'tool-call' as const,
      text: call.arguments,
      name: call.name,
      id: call.id,
      truncated: false,
    })),
  ]
  const bytes = parts.reduce((sum, { text, name }) => sum + text.length + (name ?? '').length, 0)
  if (bytes === 0) return null
  return {
    key: 'answer',
    source: 'model',
    isCarried: false,
    from,
    bytes,
    parts,
    glows: findings
      .filter(({ direction }) => direction === 'answer')
      .map((one) => glowOf(one, from + one.start, from, bytes)),
  }
}

function sourceOf(role: ContentBlock['role']): Source {
  if (role === 'tool-definition') return 'tools'
  if (role === 'assistant') return 'model'
  return role === 'other' ? 'user' : role
}

/** When each new block of a scene begins to fill in, in milliseconds from its start. */
export function addedAtMs(scene: Scene): readonly number[] {
  const added = scene.blocks.filter(({ isCarried }) => !isCarried)
  return added.map((_, at) => CARRIED_MS + (ADDED_MS * at) / Math.max(1, added.length))
}

function momentsOf(scene: Scene): readonly number[] {
  const moments = [...addedAtMs(scene), JUDGED_AT_MS, ANSWER_AT_MS, SETTLED_AT_MS]
  return [0, ...moments].map((ms) => scene.startMs + ms)
}

function markersOf(scene: Scene): readonly Marker[] {
  const { turn, startMs, judged, blocks, answer } = scene
  const markers: Marker[] = [{ kind: 'turn', label: `Turn ${turn.number}`, atMs: startMs }]
  const fresh = blocks.filter(({ isCarried }) => !isCarried).flatMap(({ glows }) => glows)
  const seen = [...new Set(fresh.map(({ entity }) => entity))]
  const masked = fresh.filter(({ isMasked }) => isMasked).length
  if (seen.length > 0)
    markers.push({
      kind: masked > 0 ? 'mask' : 'finding',
      label: masked > 0 ? `Masked: ${seen.join(', ')}` : `Found: ${seen.join(', ')}`,
      atMs: startMs + CARRIED_MS,
    })
  if (judged !== 'passed')
    markers.push({
      kind: judged === 'held' ? 'hold' : 'error',
      label: judged === 'held' ? 'Held for a person' : 'Stopped',
      atMs: startMs + JUDGED_AT_MS,
    })
  if ((answer?.glows.length ?? 0) > 0)
    markers.push({ kind: 'finding', label: 'Found in the answer', atMs: startMs + ANSWER_AT_MS })
  return markers
}

export interface Frame {
  readonly scene: Scene
  readonly phase: 'fills' | 'judged' | 'answers' | 'settled'
  /** Share of each block that stands in the window, 0 to 1, in their order. */
  readonly shares: readonly number[]
  readonly answerShare: number
  /** How far detection and policy have come over the window; null while they do not look. */
  readonly scanShare: number | null
  /** The block that one looks at: the one that fills in, or what came last. */
  readonly focus: FilmBlock | null
  /** Bytes in the window at this moment. */
  readonly bytes: number
}

/** Null for a film without scenes. */
export function frameAt(film: Film, positionMs: number): Frame | null {
  const at = Math.min(film.scenes.length - 1, Math.max(0, Math.floor(positionMs / SCENE_MS)))
  const scene = film.scenes[at]
  if (scene === undefined) return null
  const ms = positionMs - scene.startMs
  const begins = addedAtMs(scene)
  const each = ADDED_MS / Math.max(1, begins.length)
  let nth = 0
  let focus: FilmBlock | null = null
  const shares = scene.blocks.map((block) => {
    // What is carried over is there already when a turn that continues another begins.
    if (block.isCarried) return 1
    const begin = begins[nth] ?? 0
    nth += 1
    const share = Math.min(1, Math.max(0, (ms - begin) / each))
    if (share > 0) focus = block
    return share
  })
  const answerShare = Math.min(1, Math.max(0, (ms - ANSWER_AT_MS) / ANSWER_MS))
  if (answerShare > 0 && scene.answer !== null) focus = scene.answer
  const filled = scene.blocks.reduce((sum, { bytes }, i) => sum + bytes * (shares[i] ?? 0), 0)
  return {
    scene,
    phase: phaseAt(ms),
    shares,
    answerShare,
    scanShare: ms >= JUDGED_AT_MS && ms < ANSWER_AT_MS ? (ms - JUDGED_AT_MS) / JUDGED_MS : null,
    focus: focus ?? scene.blocks.findLast(({ isCarried }) => isCarried) ?? null,
    bytes: Math.round(filled + (scene.answer?.bytes ?? 0) * answerShare),
  }
}

function phaseAt(ms: number): Frame['phase'] {
  if (ms < JUDGED_AT_MS) return 'fills'
  if (ms < ANSWER_AT_MS) return 'judged'
  return ms < SETTLED_AT_MS ? 'answers' : 'settled'
}

/** The last moment of a scene, in which everything of it can be seen. */
export function settledMs(scene: Scene): number {
  return scene.startMs + SETTLED_AT_MS
}

/** For those who do not want motion: only whole moments, never what lies between two. */
export function withoutMotion(film: Film, positionMs: number): number {
  const scene = film.scenes[Math.min(film.scenes.length - 1, Math.floor(positionMs / SCENE_MS))]
  return scene === undefined ? positionMs : settledMs(scene)
}
