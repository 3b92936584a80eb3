/** Carries out on one text what analyzers said of its masked form. */
import type { Finding, Mask, Uninspected } from '../../detect/finding.ts'
import type { MaskKeys, OperatorTable } from '../../detect/operators.ts'
import { applyOperator, operatorFor } from '../../detect/operators.ts'
import { maskedText } from '../masking/json-edits.ts'
import { createTextShift } from '../masking/text-shift.ts'
import type { RuledSpan, TextAnalysis } from './analyzer.ts'

/** Offsets count in `raw`; masks ascend. */
export interface MaskedText {
  readonly raw: string
  readonly masks: readonly Mask[]
}

export interface AnalyzedText {
  readonly masks: readonly Mask[]
  readonly findings: readonly Finding[]
  readonly uninspected: readonly Uninspected[]
  readonly isBlocked: boolean
  /** Nobody answered, and then nothing may pass. */
  readonly isUnanswered: boolean
}

export const UNANSWERED = {
  findings: [],
  uninspected: [],
  isBlocked: false,
  isUnanswered: true,
} as const

export interface AnalysisSettings {
  readonly operators: OperatorTable
  readonly keys: MaskKeys
  /** Writes a replacement as the text wants it. */
  readonly spelled: (text: string) => string
}

/** Put in the place of a text that was not analyzed in time, where the plan says `mask`. */
export const NOT_ANALYZED = '<NOT_ANALYZED>'

/** What analyzers are shown: they never see what rules have found. */
export function shownForm({ raw, masks }: MaskedText): string {
  return maskedText(raw, masks)
}

export function withAnalysis(
  text: MaskedText,
  analysis: TextAnalysis,
  settings: AnalysisSettings,
): AnalyzedText {
  const { missing } = analysis
  const { raw } = text
  if (missing?.late === 'block') return { masks: text.masks, ...UNANSWERED }
  const uninspected =
    missing === null ? [] : [{ start: 0, end: raw.length, reason: missing.reason }]
  if (missing?.late === 'mask') {
    const masks = [{ start: 0, end: raw.length, text: settings.spelled(NOT_ANALYZED) }]
    return { masks, findings: [], uninspected, isBlocked: false, isUnanswered: false }
  }
  const shift = createTextShift('unit')
  shift.receive(raw)
  shift.settle(text.masks, raw.length)
  const findings: Finding[] = []
  let { masks } = text
  let isBlocked = false
  for (const span of chosen(analysis.spans)) {
    const start = shift.original(span.start, 'start')
    const end = shift.original(span.end, 'end')
    // A name that lies inside of a mask is a word of the mask.
    if (text.masks.some((mask) => mask.start <= start && mask.end >= end)) continue
    const operator = operatorFor(settings.operators, span.entity, span.rule)
    const value = raw.slice(start, end)
    findings.push({
      rule: span.rule,
      entity: span.entity,
      score: span.score,
      start,
      end,
      spelling: 'plain',
      operator: operator.kind,
      fingerprint: settings.keys.digest('fingerprint', value),
    })
    if (operator.kind === 'block') isBlocked = true
    if (operator.kind === 'keep' || operator.kind === 'block') continue
    const shown = applyOperator(operator, span.entity, value, settings.keys)
    masks = [
      ...masks.filter((mask) => mask.end <= start || mask.start >= end),
      { start, end, text: settings.spelled(shown) },
    ]
  }
  return {
    masks: masks.toSorted((a, b) => a.start - b.start),
    findings: findings.toSorted((a, b) => a.start - b.start),
    uninspected,
    isBlocked,
    isUnanswered: false,
  }
}

/** The surest of those that overlap. */
function chosen(spans: readonly RuledSpan[]): readonly RuledSpan[] {
  const taken: RuledSpan[] = []
  const ordered = spans.toSorted(
    (a, b) => b.score - a.score || b.end - b.start - (a.end - a.start) || a.start - b.start,
  )
  for (const span of ordered)
    if (!taken.some((one) => one.start < span.end && one.end > span.start)) taken.push(span)
  return taken
}
