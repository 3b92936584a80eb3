/** Hunts: texts, patterns and detector rules that are or were looked for in everything recorded. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { huntsQuery } from '../api/hunts.ts'
import type { HuntHead } from '../api/hunts.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { HuntState } from '../features/hunt/hunt-state.tsx'
import { NewHuntForm } from '../features/hunt/new-hunt.tsx'
import { DataTable } from '../ui/data-table.tsx'
import type { TableColumns } from '../ui/data-table.tsx'
import { formatCount } from '../ui/format.ts'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'

export function Hunts() {
  const hunts = useQuery(huntsQuery)
  const mayBegin = mayCall(useMe(), 'hunts.begin')
  return (
    <Page title="Hunts" note="what no index knows: looked for in every recorded text">
      {mayBegin && !hunts.isError && <NewHuntForm />}
      <Panel title="Hunts" note="newest first">
        {hunts.isPending && <Skeleton label="Loading hunts" />}
        {hunts.isError && <ProblemNotice error={hunts.error} retry={() => void hunts.refetch()} />}
        {hunts.data?.items.length === 0 && (
          <Notice kind="empty" title="No hunts yet">
            <p>
              Trace finds passages, keys and addresses at once. A hunt finds anything else, such as
              a short word or a new detector rule, by reading all that is recorded.
            </p>
          </Notice>
        )}
        {hunts.data !== undefined && hunts.data.items.length > 0 && (
          <DataTable
            label="Hunts"
            rows={hunts.data.items}
            rowKey={({ id }) => id}
            columns={COLUMNS}
          />
        )}
      </Panel>
    </Page>
  )
}

const COLUMNS: TableColumns<HuntHead> = [
  {
    title: 'Title',
    cell: ({ id, title }) => (
      <Link to="/hunts/$id" params={{ id }}>
        {visibleLine(title, 120)}
      </Link>
    ),
  },
  { title: 'For', cell: ({ kind }) => kind },
  { title: 'State', cell: (hunt) => <HuntState hunt={hunt} /> },
  { title: 'Exchanges', cell: ({ exchanges }) => formatCount(exchanges) },
  { title: 'Scope', cell: ({ scope }) => (scope === '' ? 'everything' : visibleLine(scope, 120)) },
  { title: 'Begun', cell: ({ createdAtMs }) => <Moment ms={createdAtMs} /> },
  { title: 'By', cell: ({ personName }) => visibleLine(personName, 60) },
]
