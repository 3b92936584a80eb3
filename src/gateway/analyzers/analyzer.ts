/** Analyzers that look for what no pattern can name: what they are asked, what they answer. */
import type { AnalyzerPlan } from '../../detect/masking-plan.ts'

/** UTF-16 units of the text. */
export interface AnalyzedSpan {
  readonly start: number
  readonly end: number
  readonly entity: string
  readonly score: number
}

/** One list for each text. Rejects, or is late, when it cannot say. */
export interface Analyzer extends AsyncDisposable {
  readonly analyze: (
    texts: readonly string[],
    plan: AnalyzerPlan,
    deadline: AbortSignal,
  ) => Promise<readonly (readonly AnalyzedSpan[])[]>
}

export interface RuledSpan extends AnalyzedSpan {
  /** Which analyzer said it. */
  readonly rule: string
}

export type MissingReason = 'analyzer-late' | 'analyzer-failed'

export interface TextAnalysis {
  readonly spans: readonly RuledSpan[]
  /** Not null when an analyzer did not answer: why, and what its plan says becomes of the text. */
  readonly missing: { readonly reason: MissingReason; readonly late: AnalyzerPlan['late'] } | null
}
