/** Case: its question and state, what was found on the way, who works on it. */
import { NativeSelect, Switch } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { caseQuery, changeCase } from '../api/cases.ts'
import type { Case, CaseFile } from '../api/cases.ts'
import { AddEntry } from '../features/cases/add-entry.tsx'
import { CaseMembers } from '../features/cases/case-members.tsx'
import { SEVERITIES, STATUSES, Severity, TLPS, Tlp } from '../features/cases/case-labels.tsx'
import { EntryList } from '../features/cases/entry-list.tsx'
import { FormProblem } from '../ui/form-problem.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Facts, Panel } from '../ui/panel.tsx'
import { RecordedText } from '../ui/recorded-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import classes from './case.module.css'

export function CasePage() {
  const { id } = useParams({ from: '/shell/cases/$id' })
  const file = useQuery(caseQuery(id))
  if (file.isPending) return <Skeleton rows={12} label="Loading the case" />
  if (file.isError) return <ProblemNotice error={file.error} retry={() => void file.refetch()} />
  return <CaseView file={file.data} />
}

function CaseView({ file }: { readonly file: CaseFile }) {
  const { case: one, entries } = file
  const isClosed = one.status === 'closed'
  const open = entries.filter(({ task }) => task !== null && !task.isDone).length
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <Link to="/cases" className={classes.back} aria-label="To the cases">
          <IconArrowLeft size={17} stroke={1.7} />
        </Link>
        <div>
          <h1>
            <span className={classes.number}>#{one.number}</span> {visibleLine(one.title, 200)}
          </h1>
          <p className={classes.by}>
            opened by {visibleLine(one.createdBy, 80)} <Moment ms={one.createdAtMs} />
          </p>
        </div>
        <div className={classes.labels}>
          <Link to="/cases/$id/run" params={{ id: one.id }} className={classes.run}>
            Guided run
          </Link>
          <StateBadge state={one.status} />
          <Severity severity={one.severity} />
          <Tlp tlp={one.tlp} />
        </div>
      </header>
      <div className={classes.columns}>
        <div className={classes.main}>
          {one.question !== '' && (
            <Panel title="Question">
              <div className={classes.question}>
                <RecordedText text={one.question} />
              </div>
            </Panel>
          )}
          <Panel title="Timeline" note={`${entries.length} entries`}>
            <EntryList caseId={one.id} entries={entries} isClosed={isClosed} />
            {isClosed ? (
              <p className={classes.closed}>The case is closed. Open it again to add to it.</p>
            ) : (
              <AddEntry caseId={one.id} />
            )}
          </Panel>
        </div>
        <div className={classes.side}>
          <StatePanel one={one} />
          <Panel title="In short">
            <div className={classes.facts}>
              <Facts
                facts={[
                  ['Pinned', String(pinned(file))],
                  ['Open tasks', String(open)],
                  ['Searches', String(entries.filter(({ kind }) => kind === 'search').length)],
                  ['Changed', <Moment key="at" ms={one.updatedAtMs} />],
                ]}
              />
            </div>
          </Panel>
          <CaseMembers file={file} />
          <Panel title="Report" note="without prompts and answers">
            <p className={classes.report}>
              <a href={`/api/v1/cases/${one.id}/report?format=pdf`} download>
                PDF
              </a>
              <a href={`/api/v1/cases/${one.id}/report`} download>
                HTML
              </a>
              <Link to="/cases/$id/run" params={{ id: one.id }} search={{ step: 'report' }}>
                Hold and hand out
              </Link>
            </p>
          </Panel>
        </div>
      </div>
    </div>
  )
}

function pinned({ entries }: CaseFile): number {
  const pins = entries.filter(({ kind, removedAtMs }) => kind === 'pin' && removedAtMs === null)
  return new Set(pins.map(({ target }) => target)).size
}

function StatePanel({ one }: { readonly one: Case }) {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: (wanted: Parameters<typeof changeCase>[1]) => changeCase(one, wanted),
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: caseQuery(one.id).queryKey })
      await client.invalidateQueries({ queryKey: ['cases'] })
    },
  })
  return (
    <Panel title="State">
      <div className={classes.state}>
        <NativeSelect
          label="Status"
          size="xs"
          data={[...STATUSES]}
          value={one.status}
          onChange={(event) =>
            change.mutate({
              status: STATUSES.find((name) => name === event.target.value) ?? one.status,
            })
          }
        />
        <NativeSelect
          label="Severity"
          size="xs"
          data={[...SEVERITIES]}
          value={one.severity}
          onChange={(event) =>
            change.mutate({
              severity: SEVERITIES.find((name) => name === event.target.value) ?? one.severity,
            })
          }
        />
        <NativeSelect
          label="May be told to"
          size="xs"
          data={TLPS.map((value) => ({ value, label: `TLP:${value.toUpperCase()}` }))}
          value={one.tlp}
          onChange={(event) =>
            change.mutate({ tlp: TLPS.find((name) => name === event.target.value) ?? one.tlp })
          }
        />
        <Switch
          label="Sealed"
          size="xs"
          checked={one.sealed}
          onChange={(event) => change.mutate({ sealed: event.currentTarget.checked })}
        />
        <FormProblem error={change.error} />
      </div>
    </Panel>
  )
}
