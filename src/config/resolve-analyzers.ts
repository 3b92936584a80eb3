/** Turns the analyzers of a masking section into plans. */
import { DEFAULT_THRESHOLD } from '../detect/load-rules.ts'
import type { AnalyzerPlan } from '../detect/masking-plan.ts'
import { isLoopbackUrl } from '../lib/loopback-url.ts'
import type { Path } from './problems.ts'
import { report } from './resolve-context.ts'
import type { ResolveContext } from './resolve-context.ts'
import type { CheckedAnalyzers } from './schema-masking.ts'

const DEADLINE_MS = 1000
const NAMES = ['PERSON', 'LOCATION', 'ORGANIZATION']
const DEFAULT_NAMES = ['PERSON', 'LOCATION']

export function resolveAnalyzers(
  written: CheckedAnalyzers | undefined,
  path: Path,
  context: ResolveContext,
): readonly AnalyzerPlan[] {
  const plans: AnalyzerPlan[] = []
  const { names, presidio } = written ?? {}
  if (names !== undefined) {
    const entities = names.entities ?? DEFAULT_NAMES
    const unknown = entities.filter((entity) => !NAMES.includes(entity))
    if (unknown.length > 0)
      report(context, [...path, 'names', 'entities'], {
        message: 'this analyzer does not know the entity',
        found: unknown.join(', '),
        allowed: NAMES.join(', '),
      })
    plans.push({ ...common(names), kind: 'names', entities, url: '', language: 'en' })
  }
  if (presidio !== undefined) {
    const { url, language = 'en', entities = [] } = presidio
    const at = [...path, 'presidio', 'url']
    const address = URL.parse(url)
    if (address === null || address.username !== '' || address.search !== '')
      report(context, at, { message: 'not an address without credentials and query', found: url })
    else if (address.protocol === 'http:' && !isLoopbackUrl(address))
      context.warnings.push(
        `${at.join('.')}: texts are sent to ${address.host} unencrypted; use https beyond a trusted network`,
      )
    plans.push({ ...common(presidio), kind: 'presidio', entities, url, language })
  }
  return plans
}

type Common = Pick<AnalyzerPlan, 'directions' | 'threshold' | 'deadlineMs' | 'late'>

function common({
  directions = ['request', 'response'],
  threshold = DEFAULT_THRESHOLD,
  deadline = DEADLINE_MS,
  late = 'block',
}: NonNullable<CheckedAnalyzers['names']>): Common {
  return { directions, threshold, deadlineMs: deadline, late }
}
