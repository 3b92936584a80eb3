/** Guided run: the steps of an investigation in its case; left at any time, gone on with from where it is. */
import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { caseQuery } from '../api/cases.ts'
import { runQuery } from '../api/runs.ts'
import type { RunState } from '../api/runs.ts'
import { Severity, Tlp } from '../features/cases/case-labels.tsx'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { BlockStep } from '../features/run/block-step.tsx'
import { ContainStep } from '../features/run/contain-step.tsx'
import { EvidenceStrip } from '../features/run/evidence-strip.tsx'
import { ReportStep } from '../features/run/report-step.tsx'
import { SeenStep } from '../features/run/seen-step.tsx'
import { SourceStep } from '../features/run/source-step.tsx'
import { StepRail } from '../features/run/step-rail.tsx'
import { STEPS, isStepId, openStep } from '../features/run/steps.ts'
import type { StepId } from '../features/run/steps.ts'
import { TellStep } from '../features/run/tell-step.tsx'
import { ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import classes from '../features/run/run.module.css'

export interface RunSearch {
  /** Left out: where the run goes on. */
  readonly step?: StepId
}

export function readRunSearch({ step }: Record<string, unknown>): RunSearch {
  return isStepId(step) ? { step } : {}
}

export function Run() {
  const { id } = useParams({ from: '/shell/cases/$id/run' })
  const state = useQuery(runQuery(id))
  if (state.isPending) return <Skeleton rows={10} label="Loading the run" />
  if (state.isError) return <ProblemNotice error={state.error} retry={() => void state.refetch()} />
  return <RunPage state={state.data} />
}

function RunPage({ state }: { readonly state: RunState }) {
  const client = useQueryClient()
  const navigate = useNavigate({ from: '/cases/$id/run' })
  const search = useSearch({ from: '/shell/cases/$id/run' })
  const step = search.step ?? openStep(state)
  const one = state.case
  const at = STEPS.findIndex(({ id }) => id === step)
  const [before, next] = [STEPS[at - 1], STEPS[at + 1]]
  const go = (to: StepId | undefined): void => {
    if (to !== undefined) void navigate({ search: { step: to } })
  }
  // Where one goes on stays in sight when it is done.
  useEffect(() => {
    if (search.step === undefined) void navigate({ search: { step }, replace: true })
  }, [search.step, step, navigate])
  useShortcuts([
    { keys: 'j', says: 'Next step', group: 'Run', run: () => go(next?.id) },
    { keys: 'k', says: 'Step before', group: 'Run', run: () => go(before?.id) },
  ])
  const refresh = async (): Promise<void> => {
    await client.invalidateQueries({ queryKey: runQuery(one.id).queryKey, exact: true })
    await client.invalidateQueries({ queryKey: caseQuery(one.id).queryKey })
  }
  return (
    <Page
      title={`Case #${one.number}`}
      note={visibleLine(one.title, 120)}
      aside={
        <>
          <StateBadge state={one.status} />
          <Severity severity={one.severity} />
          <Tlp tlp={one.tlp} />
          <Link to="/cases/$id" params={{ id: one.id }}>
            The case
          </Link>
        </>
      }
    >
      <div className={classes.run}>
        <StepRail state={state} step={step} />
        <div className={classes.main}>
          <Step key={step} step={step} state={state} onDone={refresh} />
          <EvidenceStrip caseId={one.id} step={step} />
          <div className={classes.next}>
            {before !== undefined && (
              <Button variant="default" onClick={() => go(before.id)}>
                {before.title}
              </Button>
            )}
            {next !== undefined && <Button onClick={() => go(next.id)}>Next: {next.title}</Button>}
          </div>
        </div>
      </div>
    </Page>
  )
}

interface StepProps {
  readonly step: StepId
  readonly state: RunState
  readonly onDone: () => Promise<void>
}

function Step({ step, state, onDone }: StepProps) {
  switch (step) {
    case 'seen':
      return <SeenStep state={state} />
    case 'source':
      return <SourceStep state={state} />
    case 'contain':
      return <ContainStep state={state} onDone={onDone} />
    case 'block':
      return <BlockStep state={state} onDone={onDone} />
    case 'tell':
      return <TellStep state={state} onDone={onDone} />
    case 'report':
      return <ReportStep state={state} onDone={onDone} />
  }
}
