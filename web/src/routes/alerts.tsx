/** Alerts: searches that somebody is told about when an exchange matches, and whether the telling works. */
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { alertsQuery, changeAlert, removeAlert } from '../api/alerts.ts'
import type { AlertChange, SearchAlert } from '../api/alerts.ts'
import { viewsQuery } from '../api/views.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { EditView } from '../features/views/edit-view.tsx'
import { AlertForm } from '../features/alerts/alert-form.tsx'
import { DeadLettersPanel } from '../features/alerts/dead-letters-panel.tsx'
import { DataTable } from '../ui/data-table.tsx'
import type { TableColumns } from '../ui/data-table.tsx'
import form from '../ui/form.module.css'
import { formatCount } from '../ui/format.ts'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'

const MUTE_MS = 8 * 3_600_000

export interface AlertsSearch {
  readonly q?: string
}

export function readAlertsSearch({ q }: Record<string, unknown>): AlertsSearch {
  return typeof q === 'string' && q !== '' ? { q: q.slice(0, 4_000) } : {}
}

export function Alerts() {
  const { q = '' } = useSearch({ from: '/shell/alerts' })
  const alerts = useQuery(alertsQuery)
  const mayCreate = mayCall(useMe(), 'alerts.create')
  const channels = alerts.data?.channels ?? []
  return (
    <Page title="Alerts" note="on saved searches">
      {alerts.isPending && <Skeleton label="Loading alerts" />}
      {alerts.isError && <ProblemNotice error={alerts.error} retry={() => void alerts.refetch()} />}
      {alerts.isSuccess && channels.length === 0 && (
        <Notice kind="empty" title="There is nowhere to tell">
          <p>
            Name a receiver in custody.yaml, <code>approvals.webhooks</code> or{' '}
            <code>approvals.slack</code>: alerts use the same.
          </p>
        </Notice>
      )}
      {mayCreate && channels.length > 0 && <AlertForm key={q} channels={channels} initial={q} />}
      {alerts.isSuccess && channels.length > 0 && alerts.data.items.length === 0 && (
        <Notice kind="empty" title="No alerts yet">
          <p>
            Write a search above, or choose Alert beside the query on the live page. Every exchange
            is told once.
          </p>
        </Notice>
      )}
      {alerts.data !== undefined && alerts.data.items.length > 0 && (
        <Panel title="Alerts">
          <DataTable
            label="Alerts"
            rows={alerts.data.items}
            rowKey={({ id }) => id}
            columns={COLUMNS}
          />
        </Panel>
      )}
      <DeadLettersPanel />
    </Page>
  )
}

function stateOf({ enabled, mutedUntilMs, lastError }: SearchAlert): string {
  if (!enabled) return 'off'
  if (mutedUntilMs !== null && mutedUntilMs > Date.now()) return 'muted'
  return lastError === '' ? 'on' : 'failing'
}

const COLUMNS: TableColumns<SearchAlert> = [
  { title: 'Name', cell: ({ name }) => visibleLine(name, 100) },
  {
    title: 'Search',
    cell: ({ q }) => (
      <Link to="/exchanges" search={{ q }}>
        <code>{visibleLine(q, 160)}</code>
      </Link>
    ),
  },
  {
    title: 'State',
    cell: (alert) => (
      <>
        {stateOf(alert)}
        {alert.lastError !== '' && (
          <div role="alert">
            {visibleLine(alert.lastError, 160)}
            {alert.retryAtMs === null ? '; given up' : '; tried again later'}
          </div>
        )}
      </>
    ),
  },
  { title: 'Told to', cell: ({ channel }) => visibleLine(channel, 60) },
  { title: 'Matched', cell: ({ matched }) => formatCount(matched) },
  { title: 'Messages', cell: ({ sent }) => formatCount(sent) },
  {
    title: 'Last told',
    cell: ({ lastSentAtMs }) => (lastSentAtMs === null ? '–' : <Moment ms={lastSentAtMs} />),
  },
  { title: 'Set by', cell: ({ personName }) => visibleLine(personName, 60) },
  { title: 'Controls', isEnd: true, cell: (alert) => <Controls alert={alert} /> },
]

function Controls({ alert }: { readonly alert: SearchAlert }) {
  const me = useMe()
  const client = useQueryClient()
  const views = useQuery(viewsQuery)
  const [isEditing, setEditing] = useState(false)
  const done = (): Promise<void> => client.invalidateQueries({ queryKey: ['alerts'] })
  const change = useMutation({
    mutationFn: (next: AlertChange) => changeAlert(alert.id, next),
    onSuccess: done,
  })
  const remove = useMutation({ mutationFn: () => removeAlert(alert.id), onSuccess: done })
  if (!alert.own && !me.roles.includes('admin')) return null
  const isMuted = stateOf(alert) === 'muted'
  const view = views.data?.items.find(({ id }) => id === alert.view) ?? null
  const name = visibleLine(alert.name, 60)
  return (
    <span className={form.row}>
      {view !== null && (
        <Button
          size="compact-xs"
          variant="subtle"
          aria-label={`Change ${name}`}
          onClick={() => setEditing(true)}
        >
          Change
        </Button>
      )}
      <EditView view={isEditing ? view : null} onClose={() => setEditing(false)} />
      <Button
        size="compact-xs"
        variant="subtle"
        aria-label={`${alert.enabled ? 'Turn off' : 'Turn on'} ${name}`}
        onClick={() => change.mutate({ enabled: !alert.enabled })}
      >
        {alert.enabled ? 'Turn off' : 'Turn on'}
      </Button>
      <Button
        size="compact-xs"
        variant="subtle"
        aria-label={`${isMuted ? 'Unmute' : 'Mute 8 h'} ${name}`}
        onClick={() => change.mutate({ mutedUntilMs: isMuted ? null : Date.now() + MUTE_MS })}
      >
        {isMuted ? 'Unmute' : 'Mute 8 h'}
      </Button>
      <Button
        size="compact-xs"
        variant="subtle"
        color="red"
        aria-label={`Delete ${name}`}
        onClick={() => remove.mutate()}
      >
        Delete
      </Button>
    </span>
  )
}
