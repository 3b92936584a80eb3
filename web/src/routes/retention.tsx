/** Retention: what is erased because it is old, what a legal hold keeps, what was erased and why. */
import { Button, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconLock, IconTrash } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { erasureJobsQuery } from '../api/erasure-jobs.ts'
import { endHold, erasuresQuery, holdsQuery, planQuery } from '../api/keeping.ts'
import type { Hold } from '../api/keeping.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { EraseDialog } from '../features/keeping/erase-dialog.tsx'
import { ErasureJobTable } from '../features/keeping/erasure-job-table.tsx'
import { ErasureTable } from '../features/keeping/erasure-table.tsx'
import { HoldDialog } from '../features/keeping/hold-dialog.tsx'
import { HoldTable } from '../features/keeping/hold-table.tsx'
import { PlanTable } from '../features/keeping/plan-table.tsx'
import { ReasonForm } from '../features/keeping/reason-form.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'

export function Retention() {
  const me = useMe()
  const client = useQueryClient()
  const holds = useQuery(holdsQuery)
  const plan = useQuery(planQuery)
  const erasures = useQuery(erasuresQuery)
  const jobs = useQuery(erasureJobsQuery)
  const [isHolding, holding] = useDisclosure(false)
  const [isErasing, erasing] = useDisclosure(false)
  const [job, setJob] = useState<string | null>(null)
  const [ending, setEnding] = useState<Hold | null>(null)
  const mayErase = mayCall(me, 'erasures.create') && mayCall(me, 'content.reveal')
  return (
    <Page
      title="Retention"
      aside={
        <>
          {mayCall(me, 'erasures.create') && (
            <Button
              leftSection={<IconTrash size={16} />}
              size="compact-md"
              variant="default"
              onClick={erasing.open}
            >
              Erase
            </Button>
          )}{' '}
          {mayCall(me, 'holds.set') && (
            <Button leftSection={<IconLock size={16} />} size="compact-md" onClick={holding.open}>
              New hold
            </Button>
          )}
        </>
      }
    >
      <Panel title="Legal holds" note="nothing they cover is erased, by age or on request">
        {holds.isPending && <Skeleton rows={3} label="Loading holds" />}
        {holds.isError && <ProblemNotice error={holds.error} retry={() => void holds.refetch()} />}
        {holds.data?.items.length === 0 && (
          <Notice kind="empty" title="Nothing is held">
            <p>
              A hold keeps exchanges for a court or an investigation until somebody releases it.
            </p>
          </Notice>
        )}
        {holds.data !== undefined && holds.data.items.length > 0 && (
          <HoldTable
            holds={holds.data.items}
            mayRelease={mayCall(me, 'holds.release')}
            onRelease={setEnding}
          />
        )}
      </Panel>
      <Panel title="What will be erased" note="by retention class, but for what is held">
        {plan.isPending && <Skeleton rows={3} label="Loading the plan" />}
        {plan.isError && <ProblemNotice error={plan.error} retry={() => void plan.refetch()} />}
        {plan.data !== undefined && <PlanTable plan={plan.data} />}
      </Panel>
      {jobs.isError && <ProblemNotice error={jobs.error} retry={() => void jobs.refetch()} />}
      {jobs.data !== undefined && jobs.data.items.length > 0 && (
        <Panel title="Erasures of a text" note="each reads everything that is recorded">
          <ErasureJobTable jobs={jobs.data.items} onOpen={mayErase ? setJob : null} />
        </Panel>
      )}
      <Panel title="What was erased" note="the newest exchanges first">
        {erasures.isPending && <Skeleton rows={3} label="Loading erasures" />}
        {erasures.isError && (
          <ProblemNotice error={erasures.error} retry={() => void erasures.refetch()} />
        )}
        {erasures.data?.items.length === 0 && (
          <Notice kind="empty" title="Nothing was erased">
            <p>What is erased leaves a line here, and an event in the transparency log.</p>
          </Notice>
        )}
        {erasures.data !== undefined && erasures.data.items.length > 0 && (
          <ErasureTable erasures={erasures.data.items} />
        )}
      </Panel>
      <HoldDialog isShown={isHolding} onClose={holding.close} />
      <EraseDialog
        isShown={isErasing || job !== null}
        job={job}
        onClose={() => {
          erasing.close()
          setJob(null)
        }}
      />
      <Modal opened={ending !== null} onClose={() => setEnding(null)} title="Release this hold?">
        <ReasonForm
          verb="Release"
          isDangerous
          act={(reason) => endHold(ending?.id ?? '', reason)}
          onDone={() => {
            void client.invalidateQueries({ queryKey: holdsQuery.queryKey })
            setEnding(null)
          }}
        >
          <p>
            {visibleLine(ending?.scope ?? '', 200)} may be erased again, by its age at once. The
            hold was set because: {visibleLine(ending?.reason ?? '', 300)}
          </p>
        </ReasonForm>
      </Modal>
    </Page>
  )
}
