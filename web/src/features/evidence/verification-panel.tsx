/** The last verification of all records: what was found, and a button for another one. */
import { Button, Progress } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { evidenceQuery, verifyNow } from '../../api/evidence.ts'
import type { Verification } from '../../api/evidence.ts'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import classes from './evidence.module.css'

interface VerificationPanelProps {
  readonly verification: Verification
  readonly mayVerify: boolean
}

export function VerificationPanel({ verification, mayVerify }: VerificationPanelProps) {
  const client = useQueryClient()
  const verify = useMutation({
    mutationFn: verifyNow,
    onSuccess: (health) => client.setQueryData(evidenceQuery.queryKey, health),
  })
  const isRunning = verification.state === 'running'
  return (
    <Panel
      title="Verification"
      note="every frame and every leaf, against the signed root"
      aside={verification.state === 'done' && <StateBadge state={verdictOf(verification.holds)} />}
    >
      <div className={classes.body}>
        <Findings verification={verification} />
        {verify.isError && <ProblemNotice error={verify.error} />}
        {mayVerify && (
          <div className={classes.row}>
            <Button
              variant="default"
              disabled={isRunning}
              loading={verify.isPending}
              onClick={() => verify.mutate()}
            >
              {isRunning ? 'Verifying…' : 'Verify now'}
            </Button>
          </div>
        )}
      </div>
    </Panel>
  )
}

const verdictOf = (holds: boolean): string => (holds ? 'sound' : 'damaged')

function Findings({ verification }: { readonly verification: Verification }) {
  switch (verification.state) {
    case 'never':
      return <p>Not verified since this gateway was started.</p>
    case 'failed':
      return <p role="alert">It could not be verified: {visibleLine(verification.reason, 300)}</p>
    case 'running': {
      const { leaves, of } = verification
      return (
        <Progress
          value={of === 0 ? 0 : (leaves / of) * 100}
          aria-label={`${formatCount(leaves)} of ${formatCount(of)} leaves`}
        />
      )
    }
    case 'done': {
      const { records, unclosed, gaps, problems, problemCount, atMs } = verification
      return (
        <>
          <dl className={classes.states} aria-label="Records">
            <State name="verified" count={records.verified} />
            <State name="erased as recorded" count={records.erased} />
            <State name="missing" count={records.missing} />
            <State name="altered" count={records.altered} />
          </dl>
          <p>
            <Moment ms={atMs} /> · {formatCount(unclosed)} without an end yet · {formatCount(gaps)}{' '}
            recorded gaps
          </p>
          {problemCount > 0 && (
            <ul className={classes.problems} aria-label="Problems">
              {problems.map((problem) => (
                <li key={problem}>{visibleLine(problem, 300)}</li>
              ))}
              {problemCount > problems.length && (
                <li>and {formatCount(problemCount - problems.length)} more</li>
              )}
            </ul>
          )}
        </>
      )
    }
  }
}

function State({ name, count }: { readonly name: string; readonly count: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{formatCount(count)}</dd>
    </div>
  )
}
