/** What receivers of events, notices and alerts did not take: seen by whoever checks, sent again or given up by an admin. */
import { Button, Checkbox, Modal } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { deadLettersQuery, dropLetters, retryLetters } from '../../api/dead-letters.ts'
import type { DeadLetter } from '../../api/dead-letters.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { FormProblem } from '../../ui/form-problem.tsx'
import form from '../../ui/form.module.css'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { mayCall, useMe } from '../access/me.ts'
import classes from './dead-letters-panel.module.css'
import { ReasonForm } from '../keeping/reason-form.tsx'

/** Nothing for others: they come for their alerts, whose rows say whether the telling works. */
export function DeadLettersPanel() {
  return mayCall(useMe(), 'dead-letters.list') ? <Letters /> : null
}

const HEAD = {
  title: 'Dead letters',
  note: 'events, notices and alerts that a receiver did not take',
}

const KINDS: Readonly<Record<DeadLetter['kind'], string>> = {
  event: 'sink of events',
  notice: 'notice of an approval',
  alert: 'alert on a search',
}

function Letters() {
  const letters = useQuery(deadLettersQuery)
  if (letters.isSuccess) return <LetterList {...letters.data} />
  return (
    <Panel {...HEAD}>
      {letters.isPending && <Skeleton rows={3} label="Loading dead letters" />}
      {letters.isError && (
        <ProblemNotice error={letters.error} retry={() => void letters.refetch()} />
      )}
    </Panel>
  )
}

interface LetterListProps {
  readonly items: readonly DeadLetter[]
  readonly total: number
}

function LetterList({ items, total }: LetterListProps) {
  const mayAct = mayCall(useMe(), 'dead-letters.retry')
  const client = useQueryClient()
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set())
  const [isDropping, setDropping] = useState(false)
  // Whoever was faster took the others away.
  const chosen = items.map(({ id }) => id).filter((id) => marked.has(id))
  const done = (): Promise<void> => {
    setMarked(new Set())
    return client.invalidateQueries({ queryKey: ['dead-letters'] })
  }
  const retry = useMutation({ mutationFn: () => retryLetters(chosen), onSuccess: done })
  const sent = retry.data?.done.length ?? 0
  const mark = (ids: readonly string[], isMarked: boolean): void =>
    setMarked(new Set(isMarked ? [...chosen, ...ids] : chosen.filter((id) => !ids.includes(id))))
  const controls = mayAct && items.length > 0 && (
    <div className={form.row}>
      <Checkbox
        label={`All ${formatCount(items.length)} listed`}
        checked={chosen.length === items.length}
        indeterminate={chosen.length > 0 && chosen.length < items.length}
        onChange={(event) =>
          mark(
            items.map(({ id }) => id),
            event.currentTarget.checked,
          )
        }
      />
      <Button
        size="compact-sm"
        disabled={chosen.length === 0}
        loading={retry.isPending}
        onClick={() => retry.mutate()}
      >
        Send again
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        disabled={chosen.length === 0}
        onClick={() => setDropping(true)}
      >
        Drop…
      </Button>
    </div>
  )
  return (
    <Panel {...HEAD} aside={controls}>
      {items.length === 0 ? (
        <Notice kind="empty" title="No dead letters">
          <p>Every receiver took what it was told, or is still being asked.</p>
        </Notice>
      ) : (
        <>
          <DataTable
            label="Dead letters"
            rows={items}
            rowKey={({ id }) => id}
            columns={mayAct ? [...COLUMNS, markColumn(marked, mark)] : COLUMNS}
          />
          {total > items.length && (
            <p className={classes.said}>
              {formatCount(items.length)} of {formatCount(total)} are listed, the newest; the others
              follow, or are being sent again.
            </p>
          )}
        </>
      )}
      <div className={classes.said}>
        <FormProblem error={retry.error} />
      </div>
      {sent > 0 && (
        <p className={classes.said} role="status">
          {formatCount(sent)} {sent === 1 ? 'is' : 'are'} sent once more; what is not taken comes
          back to this list.
        </p>
      )}
      <Modal opened={isDropping} onClose={() => setDropping(false)} title="Drop dead letters">
        <ReasonForm
          verb="Drop"
          isDangerous
          isReady={chosen.length > 0}
          act={async (reason) => {
            await dropLetters(chosen, reason)
            await done()
          }}
          onDone={() => setDropping(false)}
        >
          <p>
            The receiver never hears of {chosen.length === 1 ? 'it' : `these ${chosen.length}`}. The
            exchanges and approvals themselves stay recorded.
          </p>
        </ReasonForm>
      </Modal>
    </Panel>
  )
}

const COLUMNS: TableColumns<DeadLetter> = [
  {
    title: 'Receiver',
    cell: ({ receiver, kind }) => (
      <span className={form.two}>
        {visibleLine(receiver, 80)}
        <small>{KINDS[kind]}</small>
      </span>
    ),
  },
  {
    title: 'What',
    cell: ({ type, about }) => (
      <span className={form.two}>
        {visibleLine(type, 60)}
        <small className={form.mono}>{visibleLine(about, 120)}</small>
      </span>
    ),
  },
  { title: 'Last error', cell: ({ error }) => visibleLine(error, 80) },
  { title: 'Attempts', cell: ({ attempts }) => formatCount(attempts) },
  { title: 'Since', cell: ({ sinceMs }) => <Moment ms={sinceMs} /> },
]

function markColumn(
  marked: ReadonlySet<string>,
  mark: (ids: readonly string[], isMarked: boolean) => void,
): TableColumns<DeadLetter>[number] {
  return {
    title: 'Chosen',
    isEnd: true,
    cell: ({ id, type, about, receiver }) => (
      <Checkbox
        aria-label={`Choose ${visibleLine(type, 60)} ${visibleLine(about, 120)} for ${visibleLine(receiver, 80)}`}
        checked={marked.has(id)}
        onChange={(event) => mark([id], event.currentTarget.checked)}
      />
    ),
  }
}
