/** Asks all analyzers of a plan at once, each with its deadline; says for every text what is known and what is missing. */
import type { AnalyzerPlan } from '../../detect/masking-plan.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Analyzer, AnalyzedSpan, MissingReason, TextAnalysis } from './analyzer.ts'
import { createCircuitBreaker } from './circuit-breaker.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { createNamesAnalyzer } from './names-analyzer.ts'
import { createPresidioClient } from './presidio-client.ts'

export interface AnalyzerDesk extends AsyncDisposable {
  /** One analysis for each text. Never rejects. */
  readonly analyze: (
    plans: readonly AnalyzerPlan[],
    texts: readonly string[],
  ) => Promise<readonly TextAnalysis[]>
}

/** Knows nothing and is asked nothing: where plans have no analyzers. */
export const NO_ANALYZERS: AnalyzerDesk = {
  analyze: async (_plans, texts) => texts.map(() => ({ spans: [], missing: null })),
  [Symbol.asyncDispose]: async () => undefined,
}

type Answer =
  | { readonly kind: 'found'; readonly spans: readonly (readonly AnalyzedSpan[])[] }
  | { readonly kind: 'missing'; readonly reason: MissingReason }

export function createAnalyzerDesk(clock: Clock): AnalyzerDesk {
  const analyzers: Readonly<Record<AnalyzerPlan['kind'], Analyzer>> = {
    names: createNamesAnalyzer(),
    presidio: createPresidioClient(),
  }
  const breakers = new Map<string, CircuitBreaker>()
  const breakerOf = ({ kind, url }: AnalyzerPlan): CircuitBreaker => {
    const known = breakers.get(`${kind} ${url}`)
    if (known !== undefined) return known
    const made = createCircuitBreaker(clock)
    breakers.set(`${kind} ${url}`, made)
    return made
  }
  const ask = async (plan: AnalyzerPlan, texts: readonly string[]): Promise<Answer> => {
    const breaker = breakerOf(plan)
    if (!breaker.mayAsk()) return { kind: 'missing', reason: 'analyzer-failed' }
    const deadline = AbortSignal.timeout(plan.deadlineMs)
    try {
      const spans = await analyzers[plan.kind].analyze(texts, plan, deadline)
      breaker.answered()
      return { kind: 'found', spans }
    } catch {
      // What went wrong could quote the text; that it did is in the record.
      breaker.failed()
      return { kind: 'missing', reason: deadline.aborted ? 'analyzer-late' : 'analyzer-failed' }
    }
  }
  return {
    analyze: async (plans, texts) => {
      const answers = await Promise.all(
        plans.map(async (plan) => ({ plan, answer: await ask(plan, texts) })),
      )
      return texts.map((_, index) => {
        const spans = answers.flatMap(({ plan, answer }) =>
          answer.kind === 'found'
            ? (answer.spans[index] ?? []).map((span) => ({
                ...span,
                rule: `analyzer-${plan.kind}`,
              }))
            : [],
        )
        const missing = answers.flatMap(({ plan, answer }) =>
          answer.kind === 'missing' ? [{ reason: answer.reason, late: plan.late }] : [],
        )
        return { spans, missing: strictest(missing) }
      })
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(Object.values(analyzers).map((analyzer) => analyzer[Symbol.asyncDispose]()))
    },
  }
}

const STRICTNESS = ['block', 'mask', 'pass'] as const

function strictest(
  missing: readonly NonNullable<TextAnalysis['missing']>[],
): TextAnalysis['missing'] {
  for (const late of STRICTNESS) {
    const found = missing.find((one) => one.late === late)
    if (found !== undefined) return found
  }
  return null
}
