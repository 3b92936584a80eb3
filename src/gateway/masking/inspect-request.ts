/** Looks into a request body block by block and says what to splice; the bytes themselves stay as they came. */
import type { Direction, MaskingPlan } from '../../detect/masking-plan.ts'
import { analyzersOf, operatorsOf, secretKeysOf, uncoveredOf } from '../../detect/masking-plan.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { atOnce, inTurns } from '../../lib/turns.ts'
import type { Work } from '../../lib/turns.ts'
import type { BlockSpan } from '../../model/dialect.ts'
import type { FindingRecord, UninspectedRecord } from '../../model/masking.ts'
import type { Splice } from '../../model/record.ts'
import type { AnalyzerDesk } from '../analyzers/analyzer-desk.ts'
import { analyzedValues } from '../analyzers/analyzed-values.ts'
import type { AnalyzedValue } from '../analyzers/analyzed-values.ts'
import { NOTHING_FOUND } from './block-findings.ts'
import type { BlockFindings, PieceFindings } from './block-findings.ts'
import { SLICE_UNITS } from './in-slices.ts'
import { inspectValue, isEmpty } from './inspect-texts.ts'
import type { InspectionSettings, RawValue, ValueInspection } from './inspect-texts.ts'
import type { InspectionPool } from './inspection-pool.ts'
import { createMaskKeys, TOKEN_SHAPE } from './mask-keys.ts'
import type { IssuedToken } from './mask-keys.ts'
import { packing } from './packed-values.ts'
import type { PlacedValue } from './packed-values.ts'
import { isText, ROOT_PLACE, visitLeaves } from './request-leaves.ts'
import type { LeafPlace } from './request-leaves.ts'

export interface RequestInspection {
  /** Ascending, over the decoded body. */
  readonly splices: readonly Splice[]
  readonly findings: readonly FindingRecord[]
  readonly uninspected: readonly UninspectedRecord[]
  readonly isBlocked: boolean
  /** Tokens that stand in the body that is sent. */
  readonly tokens: readonly IssuedToken[]
}

export interface RequestTools {
  readonly cache: BlockFindings
  readonly pool: InspectionPool
  readonly analyzers: AnalyzerDesk
  readonly master: Buffer
}

export interface RequestQuestion {
  readonly tape: JsonTape
  readonly blocks: readonly BlockSpan[]
  readonly plan: MaskingPlan
  /** The caller whose keys are used. */
  readonly scope: string
}

/** A block, or what lies between blocks (`block` null). */
interface Piece {
  readonly block: number | null
  readonly start: number
  readonly cacheKey: string
  readonly values: PlacedValue[]
  readonly media: UninspectedRecord[]
}

/** The same function looks into an answer that is one JSON document. A promise only when the text is long. Rejects when it could not be looked into: then nothing may pass. */
export function inspectRequest(
  tools: RequestTools,
  question: RequestQuestion,
  direction: Direction = 'request',
): RequestInspection | Promise<RequestInspection> {
  const { plan, scope } = question
  const settings: InspectionSettings = {
    operators: operatorsOf(plan),
    uncovered: uncoveredOf(plan),
    threshold: plan.threshold,
    encoded: plan.decode.includes(direction),
    numbers: plan.numbers,
    secretKeys: secretKeysOf(plan),
  }
  const { tape } = question
  const gathered = gather(tools.cache, question)
  const placed = gathered.pieces.flatMap(({ values }) => values)
  const size = placed.reduce((sum, { start, end }) => sum + end - start, 0)
  const plans = analyzersOf(plan, direction)
  const tokens: IssuedToken[] = []
  const keys = createMaskKeys(tools.master, scope, (token) => tokens.push(token))
  const analyzed = async (
    inspections: readonly ValueInspection[],
  ): Promise<readonly AnalyzedValue[]> => {
    const { operators } = settings
    const asked = { desk: tools.analyzers, plans, operators, keys }
    const made = await analyzedValues(rawValues(tape, placed), inspections, asked)
    if (made.some(({ isUnanswered }) => isUnanswered))
      throw new Error('an analyzer did not answer in time')
    return made
  }
  // More new text than a slice is looked into by a thread.
  if (size < SLICE_UNITS) {
    const inspections = rawValues(tape, placed).map((value) =>
      inspectValue(plan.rules, keys, settings, value),
    )
    return plans.length === 0
      ? atOnce(assembling(tools.cache, tape, gathered, inspections, tokens))
      : analyzed(inspections).then((made) =>
          atOnce(assembling(tools.cache, tape, gathered, made, tokens)),
        )
  }
  const aside = async (): Promise<RequestInspection> => {
    const values = await inTurns(packing(tape.bytes, placed))
    const asked = { rules: plan.rules, master: tools.master, scope, settings, values }
    const found = await tools.pool.inspect(asked)
    tokens.push(...found.tokens)
    const made = plans.length === 0 ? found.inspections : await analyzed(found.inspections)
    return inTurns(assembling(tools.cache, tape, gathered, made, tokens))
  }
  return aside()
}

function rawValues(tape: JsonTape, placed: readonly PlacedValue[]): readonly RawValue[] {
  return placed.map(({ start, end, ...value }) => ({
    ...value,
    raw: tape.bytes.toString('utf8', start, end),
  }))
}

interface Gathered {
  readonly pieces: readonly Piece[]
  /** Blocks that are known. */
  readonly known: readonly (readonly [block: number, start: number, found: PieceFindings])[]
}

function gather(cache: BlockFindings, { tape, blocks, plan, scope }: RequestQuestion): Gathered {
  const context = `${plan.version}\0${scope}`
  const outside: Piece = { block: null, start: 0, cacheKey: '', values: [], media: [] }
  const pieces: Piece[] = [outside]
  const known: [number, number, PieceFindings][] = []
  let next = 0
  let current = outside
  let currentEnd = 0
  const at = (node: NodeRef): Piece => (tape.start(node) < currentEnd ? current : outside)
  visitLeaves(tape, tape.root, ROOT_PLACE, {
    enter: (node, place) => {
      const start = tape.start(node)
      while (next < blocks.length && (blocks[next]?.start ?? 0) < start) next += 1
      const block = blocks[next]
      if (block === undefined || block.start !== start || block.end !== tape.end(node)) return false
      const bytes = tape.bytes.subarray(block.start, block.end)
      const cacheKey = cache.keyOf(context, place, bytes)
      const found = cache.get(cacheKey)
      if (found !== null) {
        known.push([next, start, found])
        return true
      }
      current = { block: next, start, cacheKey, values: [], media: [] }
      currentEnd = block.end
      pieces.push(current)
      return false
    },
    leaf: (node, place) => {
      const treatment = treatmentOf(place, plan)
      if (treatment === null) return
      const [start, end] = [tape.start(node), tape.end(node)]
      const { key } = place
      at(node).values.push({ start, end, key, isText: isText(place, tape, node), treatment })
    },
    media: (node) => {
      const { start: from, media } = at(node)
      const [start, end] = [tape.start(node) - from, tape.end(node) - from]
      media.push({ channel: 'body', start, end, reason: 'media' })
    },
  })
  return { pieces, known }
}

/** Null where nothing is looked for. */
function treatmentOf(place: LeafPlace, plan: MaskingPlan): RawValue['treatment'] | null {
  if (place.isSigned) return plan.signedReasoning === 'block' ? 'block' : 'keep'
  switch (place.tool === '' ? 'mask' : (plan.tools[place.tool] ?? 'mask')) {
    case 'exempt':
      return plan.watch === undefined ? null : 'keep'
    case 'mask':
      return 'operators'
    case 'block':
      return 'block'
  }
}

function* assembling(
  cache: BlockFindings,
  tape: JsonTape,
  { pieces, known }: Gathered,
  inspections: readonly (ValueInspection & Partial<Pick<AnalyzedValue, 'isPartial'>>)[],
  tokens: readonly IssuedToken[],
): Work<RequestInspection> {
  const parts: (readonly [block: number | null, start: number, found: PieceFindings])[] = [...known]
  let next = 0
  for (const piece of pieces) {
    const mine = inspections.slice(next, next + piece.values.length)
    next += piece.values.length
    const found = foundIn(tape, piece, mine, tokens)
    // What an analyzer owes an answer to is asked again on the next turn.
    const isPartial = mine.some((one) => one.isPartial === true)
    if (piece.block !== null && !isPartial) cache.set(piece.cacheKey, found)
    parts.push([piece.block, piece.start, found])
    yield
  }
  const moved = <T extends { readonly start: number; readonly end: number }>(
    ones: readonly T[],
    by: number,
  ): readonly T[] => ones.map((one) => ({ ...one, start: one.start + by, end: one.end + by }))
  const ascending = (a: { readonly start: number }, b: { readonly start: number }): number =>
    a.start - b.start
  return {
    splices: parts.flatMap(([, start, { splices }]) => moved(splices, start)).toSorted(ascending),
    findings: parts
      .flatMap(([block, start, { findings }]) =>
        moved(findings, start).map((finding) => ({ ...finding, block, channel: '' })),
      )
      .toSorted(ascending),
    uninspected: parts
      .flatMap(([, start, { uninspected }]) => moved(uninspected, start))
      .toSorted(ascending),
    isBlocked: parts.some(([, , { isBlocked }]) => isBlocked),
    tokens: parts.flatMap(([, , found]) => found.tokens),
  }
}

/** Turns units of each value into bytes of the piece. */
function foundIn(
  tape: JsonTape,
  piece: Piece,
  inspections: readonly ValueInspection[],
  tokens: readonly IssuedToken[],
): PieceFindings {
  if (piece.media.length === 0 && inspections.every(isEmpty)) return NOTHING_FOUND
  const splices: Splice[] = []
  const findings: PieceFindings['findings'][number][] = []
  const uninspected: UninspectedRecord[] = [...piece.media]
  piece.values.forEach(({ start, end }, index) => {
    const inspection = inspections[index]
    if (inspection === undefined || isEmpty(inspection)) return
    const byteOf = byteCounter(tape.bytes.toString('utf8', start, end))
    const byte = (unit: number): number => start - piece.start + byteOf(unit)
    for (const mask of inspection.masks)
      splices.push({ start: byte(mask.start), end: byte(mask.end), with: mask.text })
    for (const finding of inspection.findings)
      findings.push({ ...finding, start: byte(finding.start), end: byte(finding.end) })
    for (const { reason, ...one } of inspection.uninspected)
      uninspected.push({ channel: 'body', start: byte(one.start), end: byte(one.end), reason })
  })
  const written = new Set(splices.flatMap((splice) => splice.with.match(TOKEN_SHAPE) ?? []))
  return {
    splices,
    findings,
    uninspected,
    isBlocked: inspections.some(({ blocked }) => blocked),
    tokens: tokens.filter(({ token }) => written.has(token)),
  }
}

/** Offset in bytes of a unit of the text. Counts on from the last answer, so that many ascending ones read it once. */
function byteCounter(text: string): (unit: number) => number {
  let [lastUnit, lastByte] = [0, 0]
  return (unit) => {
    if (unit < lastUnit) [lastUnit, lastByte] = [0, 0]
    lastByte += Buffer.byteLength(text.slice(lastUnit, unit), 'utf8')
    lastUnit = unit
    return lastByte
  }
}
