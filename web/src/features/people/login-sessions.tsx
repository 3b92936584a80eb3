/** Login sessions that are open, and a way to end each: one's own, or everybody's. */
import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { endLoginSession, loginSessionsQuery } from '../../api/people.ts'
import type { LoginSession } from '../../api/people.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { Moment } from '../../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import form from '../../ui/form.module.css'
import classes from './people.module.css'

interface LoginSessionsProps {
  /** Only those of this person; null shows all that one may see. */
  readonly person: string | null
}

export function LoginSessions({ person }: LoginSessionsProps) {
  const client = useQueryClient()
  const sessions = useQuery(loginSessionsQuery)
  const [ending, setEnding] = useState<LoginSession | null>(null)
  const shown = (sessions.data?.items ?? []).filter(
    (session) => person === null || session.person === person,
  )
  return (
    <Panel title="Login sessions" note={person === null ? 'of everybody' : 'yours'}>
      {sessions.isPending && <Skeleton rows={3} label="Loading login sessions" />}
      {sessions.isError && (
        <ProblemNotice error={sessions.error} retry={() => void sessions.refetch()} />
      )}
      {sessions.data !== undefined && shown.length === 0 && (
        <Notice kind="empty" title="No login sessions" />
      )}
      {shown.length > 0 && (
        <div className={classes.table}>
          <DataTable
            label="Login sessions"
            rows={shown}
            rowKey={({ id }) => id}
            columns={sessionColumns(person === null, setEnding)}
          />
        </div>
      )}
      <ConfirmDialog
        title="End this login session?"
        verb="End it"
        isShown={ending !== null}
        onClose={() => setEnding(null)}
        onConfirm={async () => {
          await endLoginSession(ending?.id ?? '')
          await client.invalidateQueries({ queryKey: loginSessionsQuery.queryKey })
        }}
      >
        <p>
          The browser at {visibleLine(ending?.address ?? '', 60)} is signed out with its next call.
        </p>
      </ConfirmDialog>
    </Panel>
  )
}

function sessionColumns(
  isOfAll: boolean,
  onEnd: (session: LoginSession) => void,
): TableColumns<LoginSession> {
  return [
    {
      title: 'Who and where',
      cell: (session) => (
        <span className={form.two}>
          <span>
            {isOfAll ? visibleLine(session.personName, 80) : visibleLine(session.address, 60)}
            {session.current && <span className={form.quiet}> (this one)</span>}
          </span>
          <small>{visibleLine(session.userAgent, 56)}</small>
        </span>
      ),
    },
    { title: 'Address', cell: ({ address }) => visibleLine(address, 60) },
    { title: 'By', cell: ({ method }) => visibleLine(method, 40) },
    { title: 'Since', cell: ({ createdAtMs }) => <Moment ms={createdAtMs} /> },
    { title: 'Last seen', cell: ({ lastSeenAtMs }) => <Moment ms={lastSeenAtMs} /> },
    { title: 'Ends', cell: ({ expiresAtMs }) => <Moment ms={expiresAtMs} /> },
    {
      title: 'Controls',
      isEnd: true,
      cell: (session) =>
        !session.current && (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            aria-label={`End the login session of ${visibleLine(session.personName, 60)} from ${visibleLine(session.address, 60)}`}
            onClick={() => onEnd(session)}
          >
            End
          </Button>
        ),
    },
  ]
}
