/** Has analyzers look at the texts of one JSON document, as the arguments of a tool are. */
import type { Mask } from '../../detect/finding.ts'
import { scanJson } from '../../lib/json/scan.ts'
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { UNANSWERED } from './analyzed-text.ts'
import type { AnalyzedText, MaskedText } from './analyzed-text.ts'
import type { Analyze } from './analyzed-matcher.ts'
import { analyzedValues } from './analyzed-values.ts'
import type { ValueAnalysts } from './analyzed-values.ts'

const LIMITS = { depthMax: 512, elementsMax: 100_000 }

/** `plain` looks at what is no JSON. */
export function documentsBy(analysts: ValueAnalysts, plain: Analyze): Analyze {
  return (texts) => Promise.all(texts.map((text) => analyzedDocument(text, analysts, plain)))
}

async function analyzedDocument(
  text: MaskedText,
  analysts: ValueAnalysts,
  plain: Analyze,
): Promise<AnalyzedText> {
  const scan = scanJson(Buffer.from(text.raw), LIMITS)
  if (scan.kind === 'problem') {
    const [analyzed] = await plain([text])
    return analyzed ?? { ...text, ...UNANSWERED }
  }
  const { tape } = scan
  const units = unitCounter(tape.bytes)
  const leaves = stringsOf(tape, tape.root).map((node) => ({
    start: units(tape.start(node)),
    raw: tape.bytes.toString('utf8', tape.start(node), tape.end(node)),
  }))
  const inspections = leaves.map(({ start, raw }) => ({
    masks: within(text.masks, start, start + raw.length),
    findings: [],
    uninspected: [],
    blocked: false,
  }))
  const values = leaves.map(({ raw }) => ({
    raw,
    key: '',
    isText: true,
    treatment: 'operators' as const,
  }))
  const analyzed = await analyzedValues(values, inspections, analysts)
  const placed = <T extends { readonly start: number; readonly end: number }>(
    pick: (index: number) => readonly T[],
  ): readonly T[] =>
    leaves.flatMap(({ start }, index) =>
      pick(index).map((one) => ({ ...one, start: one.start + start, end: one.end + start })),
    )
  const inside = new Set(
    inspections.flatMap(({ masks }, index) =>
      masks.map((mask) => mask.start + (leaves[index]?.start ?? 0)),
    ),
  )
  const others = text.masks.filter(({ start }) => !inside.has(start))
  return {
    masks: [...others, ...placed((index) => analyzed[index]?.masks ?? [])].toSorted(
      (a, b) => a.start - b.start,
    ),
    findings: placed((index) => analyzed[index]?.findings ?? []),
    uninspected: placed((index) => analyzed[index]?.uninspected ?? []),
    isBlocked: analyzed.some(({ blocked }) => blocked),
    isUnanswered: analyzed.some(({ isUnanswered }) => isUnanswered),
  }
}

function stringsOf(tape: JsonTape, node: NodeRef): readonly NodeRef[] {
  if (tape.kind(node) === 'string') return [node]
  return tape.children(node).flatMap((child) => stringsOf(tape, child))
}

/** Masks that lie in `[start, end)`, counted from `start`. */
function within(masks: readonly Mask[], start: number, end: number): readonly Mask[] {
  return masks
    .filter((mask) => mask.start > start && mask.end < end)
    .map((mask) => ({ ...mask, start: mask.start - start, end: mask.end - start }))
}

/** Units before a byte; asked in ascending order. */
function unitCounter(bytes: Buffer): (byte: number) => number {
  let [at, units] = [0, 0]
  return (byte) => {
    units += bytes.toString('utf8', at, byte).length
    at = byte
    return units
  }
}
