/** Masks an answer that is one JSON document: it is held until it is whole, then spliced like a prompt. */
import { scanJson } from '../../lib/json/scan.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { spanIndex } from '../../lib/span-index.ts'
import { spliced } from '../../lib/spliced.ts'
import { fail } from '../../model/errors.ts'
import type { UninspectedRecord } from '../../model/masking.ts'
import type { Splice } from '../../model/record.ts'
import type { AnswerMasking, AnswerQuestion, AnswerReport } from './answer-masking.ts'
import { inspectRequest } from './inspect-request.ts'
import type { RequestInspection } from './inspect-request.ts'
import { documentPlaces, pointedTexts } from './answer-spans.ts'
import { removals } from './json-edits.ts'
import type { Edit } from './json-edits.ts'
import { originalPlaces, placeEdits } from './place-edits.ts'
import { shiftOfString } from './request-documents.ts'
import { reasoningParts } from './reasoning-parts.ts'
import { ROOT_PLACE, visitLeaves } from './request-leaves.ts'
import { restoredValue } from './restored-value.ts'
import { createTextAnswer } from './text-answer.ts'

/** What is larger is not held: the answer is cut. */
const HELD_MAX = 32 * 1024 * 1024
const JSON_LIMITS = { depthMax: 512, elementsMax: 5_000_000 }
const NOTHING = Buffer.alloc(0)

export function createWholeAnswer(question: AnswerQuestion): AnswerMasking {
  const chunks: Buffer[] = []
  let held = 0
  let isBlocked = false
  let scanned: JsonTape | null = null
  let tellTales: readonly Splice[] = []
  let reasoning: Reasoning = { gone: [], uninspected: [], isBlocked: false }
  let report: AnswerReport = { splices: [], findings: [], keptAt: [], uninspected: [] }

  const carryOut = (body: Buffer, inspection: RequestInspection): Buffer => {
    const masks = inspection.splices.length === 0 ? [] : [...inspection.splices, ...tellTales]
    const { gone } = reasoning
    const cuts = spanIndex(gone)
    const left = masks.filter((one) => !cuts.touches(one))
    const changed = withRestored(scanned, [...left, ...gone], question.restorable)
    const splices = withPlaces(scanned, changed, question)
    report = {
      splices,
      findings: inspection.findings.map((one) => ({ ...one, block: null, channel: 'body' })),
      // It is read when its last byte is there.
      keptAt: inspection.findings.flatMap(({ operator }) =>
        operator === 'keep' ? [body.length - 1] : [],
      ),
      uninspected: [...inspection.uninspected, ...reasoning.uninspected],
    }
    isBlocked = inspection.isBlocked || reasoning.isBlocked
    if (isBlocked) return NOTHING
    return splices.length === 0 ? body : spliced(body, splices)
  }
  const asText = async (body: Buffer): Promise<Buffer> => {
    const text = createTextAnswer(question)
    const shown = await text.push(body)
    const rest = text.isBlocked() ? NOTHING : await text.end()
    report = text.report()
    isBlocked = text.isBlocked()
    return isBlocked ? NOTHING : Buffer.concat([shown, rest])
  }
  return {
    push: (bytes) => {
      held += bytes.length
      if (held > HELD_MAX) throw fail('policy.masking-failed', 'It is too large to be held.')
      chunks.push(bytes)
      return NOTHING
    },
    end: () => {
      const body = Buffer.concat(chunks)
      chunks.length = 0
      if (body.length === 0) return body
      const scan = scanJson(body, JSON_LIMITS)
      if (scan.kind === 'problem') {
        // Not the JSON it says it is: masked as the text it is.
        return asText(body)
      }
      tellTales = probabilities(scan.tape)
      reasoning = reasoningOf(scan.tape, question)
      scanned = scan.tape
      const { plan, scope, tools } = question
      const inspection = inspectRequest(
        tools,
        { tape: scan.tape, blocks: [], plan, scope },
        'response',
      )
      return inspection instanceof Promise
        ? inspection.then((found) => carryOut(body, found))
        : carryOut(body, inspection)
    },
    isBlocked: () => isBlocked,
    report: () => report,
  }
}

interface Reasoning {
  /** Taken out. */
  readonly gone: readonly Splice[]
  readonly uninspected: readonly UninspectedRecord[]
  readonly isBlocked: boolean
}

/** What becomes of reasoning that the provider signed or encrypted. */
function reasoningOf(tape: JsonTape, { plan, kind, status }: AnswerQuestion): Reasoning {
  const { parts, sealed } =
    kind === 'generate' && status < 300 ? reasoningParts(tape) : { parts: [], sealed: [] }
  const isDropped = plan.signedReasoning === 'drop'
  return {
    gone: isDropped
      ? removals(tape, parts)
          .map(({ start, end }) => ({ start, end, with: '' }))
          .toSorted((a, b) => a.start - b.start)
      : [],
    uninspected:
      plan.signedReasoning === 'pass'
        ? sealed.map((node) => ({
            channel: 'body',
            start: tape.start(node),
            end: tape.end(node),
            reason: 'encrypted-reasoning',
          }))
        : [],
    isBlocked: plan.signedReasoning === 'block' && sealed.length > 0,
  }
}

/** Token by token, log probabilities repeat the text that was masked. */
function probabilities(tape: JsonTape): readonly Splice[] {
  const found: Splice[] = []
  const walk = (node: NodeRef): void => {
    for (const child of tape.children(node)) {
      const key = tape.keyOf(child)
      if ((key === 'logprobs' || key === 'logprobsResult') && tape.kind(child) === 'object')
        found.push({ start: tape.start(child), end: tape.end(child), with: 'null' })
      else walk(child)
    }
  }
  walk(tape.root)
  return found
}

/** Moves what points into texts that were changed: citations of this answer, and of documents of the request. */
function withPlaces(
  tape: JsonTape | null,
  splices: readonly Splice[],
  { documents, kind }: AnswerQuestion,
): readonly Splice[] {
  if (tape === null || kind !== 'generate') return splices
  const edits: Edit[] = splices.length === 0 ? [] : [...ownPlaces(tape, splices)]
  for (const { document, ...place } of documentPlaces(tape)) {
    const shift = documents()[document]
    if (shift !== null && shift !== undefined) edits.push(...originalPlaces(tape, place, shift))
  }
  if (edits.length === 0) return splices
  const moved = edits.map(({ start, end, text }) => ({ start, end, with: text }))
  const ascending = moved.toSorted((a, b) => a.start - b.start)
  const [edited, cut] = [spanIndex(ascending), spanIndex(splices)]
  return [
    ...splices.filter((one) => !edited.covers(one)),
    ...ascending.filter((one) => !cut.covers(one)),
  ].toSorted((a, b) => a.start - b.start)
}

function ownPlaces(tape: JsonTape, splices: readonly Splice[]): readonly Edit[] {
  return pointedTexts(tape).flatMap(({ texts, unit, spans }) => {
    const shift = shiftOfString(tape, texts, splices, unit)
    return spans.flatMap((span) => placeEdits(tape, span, shift))
  })
}

/** Adds the caller's own values where their tokens stand untouched; what is signed keeps every byte. */
function withRestored(
  tape: JsonTape | null,
  splices: readonly Splice[],
  values: ReadonlyMap<string, string>,
): readonly Splice[] {
  const ascending = splices.toSorted((a, b) => a.start - b.start)
  if (values.size === 0 || tape === null) return ascending
  const masked = spanIndex(ascending)
  const restored: Splice[] = []
  visitLeaves(tape, tape.root, ROOT_PLACE, {
    enter: () => false,
    media: () => undefined,
    leaf: (node, { isSigned }) => {
      if (isSigned || tape.kind(node) !== 'string') return
      const at = tape.start(node)
      // Latin-1 gives one unit for each byte, and tokens are ASCII.
      const raw = tape.bytes.toString('latin1', at, tape.end(node))
      for (const { start, end, text } of restoredValue(raw, [], values)) {
        const splice = { start: at + start, end: at + end, with: text }
        if (!masked.touches(splice)) restored.push(splice)
      }
    },
  })
  return [...ascending, ...restored].toSorted((a, b) => a.start - b.start)
}
