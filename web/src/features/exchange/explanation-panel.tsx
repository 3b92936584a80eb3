/** Why each rule fired or did not on this exchange, with what it saw; kinds and numbers, never text. */
import { useQuery } from '@tanstack/react-query'
import { isApiProblem } from '../../api/client.ts'
import { explanationQuery } from '../../api/policy.ts'
import type { Explanation } from '../../api/policy.ts'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { formatCount } from '../../ui/format.ts'
import { Notice, ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import classes from './explanation-panel.module.css'

type Rule = Explanation['rules'][number]
type Outcome = Rule['outcome']

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  fired: 'fired',
  watched: 'fired, only watched',
  'did not fire': 'did not fire',
  'does not apply': 'looks at answers or tools, not at requests',
  off: 'is off',
}
/** Most telling first; within one, in the order of the policy. */
const ORDER = Object.keys(OUTCOMES)

export function ExplanationPanel({ id }: { readonly id: string }) {
  const explanation = useQuery(explanationQuery(id))
  if (explanation.isPending) return <Skeleton rows={8} label="Explaining the decision" />
  if (isApiProblem(explanation.error, 404))
    return (
      <Notice kind="empty" title="No policy decided here">
        <p>None was in force when this was recorded, and none is now.</p>
      </Notice>
    )
  if (explanation.isError)
    return <ProblemNotice error={explanation.error} retry={() => void explanation.refetch()} />
  const { rules, source, policy, isThen } = explanation.data
  const sorted = rules.toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome))
  const fired = rules.filter(({ outcome }) => outcome === 'fired').length
  return (
    <Panel
      title="Why the policy decided so"
      note={`${formatCount(fired)} of ${formatCount(rules.length)} rules fired`}
    >
      <div className={classes.lead}>
        <p>{recordedOf(explanation.data)}</p>
        <p>
          Explained by <strong>{visibleLine(source, 200)}</strong>
          {!isThen && (
            <>
              , policy <code>{policy.slice(0, 16)}</code>
            </>
          )}
          : {whenceOf(explanation.data)}
        </p>
      </div>
      <ol className={classes.rules}>
        {sorted.map((rule) => (
          <RuleRow key={rule.rule} rule={rule} />
        ))}
      </ol>
    </Panel>
  )
}

function recordedOf({ recorded }: Explanation): string {
  if (recorded === null) return 'No policy was in force when this was recorded.'
  const by = recorded.deciding === null ? '' : ` by ${visibleLine(recorded.deciding, 80)}`
  return `Recorded: ${recorded.verdict}${by}, policy ${recorded.policy.slice(0, 16)}.`
}

function whenceOf({ isThen, recorded }: Explanation): string {
  if (isThen) return 'the policy that decided.'
  return recorded === null
    ? 'the policy that is in force now.'
    : 'the policy that is in force now, because the text of the one that decided was not kept.'
}

function RuleRow({ rule }: { readonly rule: Rule }) {
  const { outcome, verdict, stage, criteria } = rule
  return (
    <li className={classes.rule} data-outcome={outcome.replaceAll(' ', '-')}>
      <p className={classes.head}>
        <strong>{visibleLine(rule.title, 120)}</strong>
        <code>{visibleLine(rule.rule, 60)}</code>
        <span className={classes.terms}>
          {verdict}, {stage}
        </span>
        <span className={classes.outcome}>{OUTCOMES[outcome]}</span>
      </p>
      {criteria.length > 0 && (
        <ul className={classes.criteria}>
          {criteria.map(({ name, holds, saw }, at) => (
            <li key={at} data-holds={holds === null ? 'unknown' : String(holds)}>
              <span className={classes.held}>{heldWord(holds)}</span>
              <span className={classes.name}>{visibleLine(name, 60)}</span>
              <span>{visibleLine(saw, 300)}</span>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

function heldWord(holds: boolean | null): string {
  if (holds === null) return 'unknown'
  return holds ? 'holds' : 'fails'
}
