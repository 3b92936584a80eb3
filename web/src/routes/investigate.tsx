/** Investigate: paste what leaked; the answer opens a case, in which one is led to the report. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { beginRun } from '../api/runs.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { remember } from '../features/run/memory.ts'
import { StepRail } from '../features/run/step-rail.tsx'
import { TraceQuestion } from '../features/trace/trace-question.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'
import classes from '../features/run/run.module.css'

export function Investigate() {
  const me = useMe()
  const client = useQueryClient()
  const navigate = useNavigate()
  const input = useRef<HTMLTextAreaElement>(null)
  useEffect(() => input.current?.focus(), [])
  const begin = useMutation({
    mutationFn: (text: string) => beginRun({ text }),
    gcTime: 0,
    onSuccess: (started, text) => {
      const { id } = started.case
      remember(client, id, { text, answer: started.answer })
      void navigate({ to: '/cases/$id/run', params: { id }, search: { step: 'seen' } })
    },
  })
  if (!mayCall(me, 'runs.start'))
    return (
      <Page title="Investigate">
        <Notice kind="denied" title="Your roles do not investigate">
          <p>Investigators do. Ask an admin for the role, or an investigator for the answer.</p>
        </Notice>
      </Page>
    )
  return (
    <Page title="Investigate" note="from a leaked text to a report, step by step">
      <div className={classes.run}>
        <StepRail state={null} step={null} />
        <div className={classes.main}>
          <Panel title="What leaked" note="a case is opened for it">
            <TraceQuestion
              input={input}
              isAsking={begin.isPending}
              isAnswered={false}
              onAsk={(text) => begin.mutate(text)}
            />
          </Panel>
          {begin.isPending && <Skeleton label="Looking through everything recorded" />}
          {begin.isError && <ProblemNotice error={begin.error} />}
        </div>
      </div>
    </Page>
  )
}
