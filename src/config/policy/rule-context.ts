/** What resolving the rules of a policy needs to know, and where it reports to. */
import type { DetectorShelf } from '../../policy/detector-shelf.ts'
import type { ConfigProblem } from '../config.ts'
import { problemAt } from '../problems.ts'
import type { Origins, Path, ProblemText } from '../problems.ts'

export interface RuleContext {
  readonly origins: Origins
  readonly shelf: DetectorShelf
  readonly problems: ConfigProblem[]
  /** Ids that were met. */
  readonly ids: Set<string>
  /** Entities that keywords and patterns of the policy are reported under. */
  readonly labels: readonly string[]
}

export function reportRule(context: RuleContext, path: Path, text: ProblemText): void {
  context.problems.push(problemAt(context.origins, path, text))
}
