/** Has analyzers look at the texts of JSON values that rules have looked at, and carries out what they say. */
import type { AnalyzerPlan } from '../../detect/masking-plan.ts'
import { escapeJson, JsonStringSpelling } from '../../detect/json-string.ts'
import type { MaskKeys, OperatorTable } from '../../detect/operators.ts'
import type { Mask } from '../../detect/finding.ts'
import type { RawValue, ValueInspection } from '../masking/inspect-texts.ts'
import type { AnalyzedText } from './analyzed-text.ts'
import { shownForm, withAnalysis } from './analyzed-text.ts'
import { NOTHING_SAID } from './analyzed-matcher.ts'
import type { AnalyzerDesk } from './analyzer-desk.ts'

export interface ValueAnalysts {
  readonly desk: AnalyzerDesk
  readonly plans: readonly AnalyzerPlan[]
  readonly operators: OperatorTable
  readonly keys: MaskKeys
}

/** Of a value that was not analyzed: it is not remembered, so the next turn asks again. */
export interface AnalyzedValue extends ValueInspection {
  readonly isPartial: boolean
  /** Stopped because nobody answered, not because something was found. */
  readonly isUnanswered: boolean
}

/** Has letters, and enough of them to be a name. */
const TEXT = /\p{L}[\p{L}\p{M}'’.-]+/u

export async function analyzedValues(
  values: readonly RawValue[],
  inspections: readonly ValueInspection[],
  analysts: ValueAnalysts,
): Promise<readonly AnalyzedValue[]> {
  const asked = values.flatMap((value, index) => {
    const inspection = inspections[index]
    if (inspection === undefined || inspection.blocked) return []
    if (!value.isText || value.treatment !== 'operators' || !value.raw.startsWith('"')) return []
    const decoded = decodedValue(value.raw, inspection.masks)
    return TEXT.test(shownForm(decoded.text)) ? [{ index, ...decoded }] : []
  })
  const analyses =
    asked.length === 0
      ? []
      : await analysts.desk.analyze(
          analysts.plans,
          asked.map(({ text }) => shownForm(text)),
        )
  const analyzed = new Map(
    asked.map(({ index, text, rawAt }, nth) => {
      const analysis = analyses[nth] ?? NOTHING_SAID
      const spelled = (shown: string): string => shown
      const said = withAnalysis(text, analysis, { ...analysts, spelled })
      const { isUnanswered } = said
      const made = { said, rawAt, isPartial: analysis.missing !== null, isUnanswered }
      return [index, made] as const
    }),
  )
  return inspections.map((inspection, index) => {
    const made = analyzed.get(index)
    if (made === undefined) return { ...inspection, isPartial: false, isUnanswered: false }
    const { said, rawAt, isPartial, isUnanswered } = made
    return { ...inRaw(inspection, said, rawAt), isPartial, isUnanswered }
  })
}

function inRaw(
  inspection: ValueInspection,
  said: AnalyzedText,
  rawAt: (unit: number) => number,
): ValueInspection {
  const placed = <T extends { readonly start: number; readonly end: number }>(one: T): T => ({
    ...one,
    start: rawAt(one.start),
    end: rawAt(one.end),
  })
  return {
    masks: said.masks.map((mask) => ({ ...placed(mask), text: escapeJson(mask.text) })),
    findings: [...inspection.findings, ...said.findings.map(placed)],
    uninspected: [...inspection.uninspected, ...said.uninspected.map(placed)],
    blocked: inspection.blocked || said.isBlocked,
  }
}

interface DecodedValue {
  readonly text: { readonly raw: string; readonly masks: readonly Mask[] }
  readonly rawAt: (unit: number) => number
}

/** The text of a JSON string, with masks counted in it. */
function decodedValue(raw: string, masks: readonly Mask[]): DecodedValue {
  const spelling = new JsonStringSpelling(1)
  let text = ''
  /** Units at which the borders of the masks lie. */
  const borders = masks.flatMap(({ start, end }) => [start, end])
  const units: number[] = []
  let next = 0
  const mark = (at: number): void => {
    while (next < borders.length && (borders[next] ?? 0) <= at) {
      units.push(text.length)
      next += 1
    }
  }
  for (let at = 1; at < raw.length - 1; at += 1) {
    mark(at)
    const char = raw.charAt(at)
    const isEscape = spelling.inEscape || char === '\\'
    text += isEscape ? spelling.escaped(char) : spelling.plain(char)
  }
  text += spelling.flush()
  mark(raw.length)
  return {
    text: {
      raw: text,
      masks: masks.map((mask, index) => ({
        start: units[2 * index] ?? 0,
        end: units[2 * index + 1] ?? text.length,
        text: unescaped(mask.text),
      })),
    },
    rawAt: (unit) => spelling.rawOffset(unit),
  }
}

function unescaped(inside: string): string {
  return inside.includes('\\') ? String(JSON.parse(`"${inside}"`)) : inside
}
