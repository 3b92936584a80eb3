/** Conversations that callers declared by an id, the latest first. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { conversationsQuery } from '../api/conversations.ts'
import type { Conversation } from '../api/conversations.ts'
import { HeldMark } from '../features/keeping/held-mark.tsx'
import { DataTable } from '../ui/data-table.tsx'
import type { TableColumns } from '../ui/data-table.tsx'
import { formatCount } from '../ui/format.ts'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'
import { ShowMore } from '../ui/show-more.tsx'
import classes from '../ui/form.module.css'

export function Conversations() {
  const list = useInfiniteQuery(conversationsQuery)
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Page title="Conversations" note="that callers declared by an id">
      <Panel title="Conversations" note="the latest first">
        {list.isPending && <Skeleton label="Loading conversations" />}
        {list.isError && <ProblemNotice error={list.error} retry={() => void list.refetch()} />}
        {list.isSuccess && items.length === 0 && (
          <Notice kind="empty" title="No declared conversations">
            <p>
              Agents that send an id with each call are listed here. Others are put together from
              any of their exchanges: open one and choose Conversation.
            </p>
          </Notice>
        )}
        {items.length > 0 && (
          <DataTable
            label="Conversations"
            rows={items}
            rowKey={({ id, principal }) => `${id} ${principal}`}
            columns={COLUMNS}
          />
        )}
      </Panel>
      {list.hasNextPage && (
        <ShowMore isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
    </Page>
  )
}

const COLUMNS: TableColumns<Conversation> = [
  {
    title: 'Last turn',
    cell: ({ id, lastAtMs, holds }) => (
      <Link to="/conversations/$id" params={{ id }}>
        <Moment ms={lastAtMs} />
        <HeldMark holds={holds} />
      </Link>
    ),
  },
  { title: 'Turns', cell: ({ exchanges }) => formatCount(exchanges) },
  { title: 'Principal', cell: ({ principal }) => visibleLine(principal, 120) },
  { title: 'Declared by', cell: ({ by }) => visibleLine(by, 80) },
  { title: 'First turn', cell: ({ firstAtMs }) => <Moment ms={firstAtMs} /> },
  { title: 'Id', cell: ({ id }) => <code className={classes.mono}>{id}</code> },
]
