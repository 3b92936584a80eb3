/** Cases: what is being investigated, how grave it is, and what has been answered. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconLock, IconPlus } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { casesQuery } from '../api/cases.ts'
import type { Case } from '../api/cases.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { Severity, Tlp } from '../features/cases/case-labels.tsx'
import { NewCase } from '../features/cases/new-case.tsx'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { DataTable } from '../ui/data-table.tsx'
import type { TableColumns } from '../ui/data-table.tsx'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'
import { ShowMore } from '../ui/show-more.tsx'
import { StateBadge } from '../ui/state-badge.tsx'

export function Cases() {
  const me = useMe()
  const navigate = useNavigate()
  const list = useInfiniteQuery(casesQuery)
  const [isOpening, opening] = useDisclosure(false)
  const mayOpen = mayCall(me, 'cases.create')
  useShortcuts(
    mayOpen ? [{ keys: 'n', says: 'New case', group: 'Cases', run: () => opening.open() }] : [],
  )
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Page
      title="Cases"
      note="what is being investigated"
      aside={
        mayOpen && (
          <Button leftSection={<IconPlus size={16} />} size="compact-md" onClick={opening.open}>
            New case
          </Button>
        )
      }
    >
      <Panel title="Cases" note="the newest first">
        {list.isPending && <Skeleton label="Loading cases" />}
        {list.isError && <ProblemNotice error={list.error} retry={() => void list.refetch()} />}
        {list.isSuccess && items.length === 0 && (
          <Notice kind="empty" title="No cases yet">
            <p>
              A case keeps what is found on the way to an answer: exchanges with notes at the place
              that matters, searches, tasks, and what was done.
            </p>
          </Notice>
        )}
        {items.length > 0 && (
          <DataTable label="Cases" rows={items} rowKey={({ id }) => id} columns={COLUMNS} />
        )}
      </Panel>
      {list.hasNextPage && (
        <ShowMore isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
      <NewCase
        isShown={isOpening}
        onClose={opening.close}
        onMade={({ id }) => void navigate({ to: '/cases/$id', params: { id } })}
      />
    </Page>
  )
}

const COLUMNS: TableColumns<Case> = [
  {
    title: 'Case',
    cell: (one) =>
      one.mayOpen ? (
        <Link to="/cases/$id" params={{ id: one.id }}>
          #{one.number} {visibleLine(one.title, 120)}
        </Link>
      ) : (
        <span>
          <IconLock size={14} aria-hidden="true" /> #{one.number} sealed
        </span>
      ),
  },
  { title: 'Status', cell: ({ status }) => <StateBadge state={status} /> },
  { title: 'Severity', cell: ({ severity }) => <Severity severity={severity} /> },
  { title: 'TLP', cell: ({ tlp }) => <Tlp tlp={tlp} /> },
  { title: 'Opened by', cell: ({ createdBy }) => visibleLine(createdBy, 80) },
  { title: 'Opened', cell: ({ createdAtMs }) => <Moment ms={createdAtMs} /> },
  { title: 'Changed', cell: ({ updatedAtMs }) => <Moment ms={updatedAtMs} /> },
]
