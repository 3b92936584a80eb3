/** Audit: who did or viewed what, when, from where and why. */
import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconRefresh } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { auditQuery } from '../api/operations.ts'
import type { AuditEvent } from '../api/operations.ts'
import { useMe } from '../features/access/me.ts'
import { AuditFilters } from '../features/audit/audit-filters.tsx'
import { AuditList } from '../features/audit/audit-list.tsx'
import { auditFilters } from '../features/audit/audit-search.ts'
import { EventDialog } from '../features/audit/event-dialog.tsx'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { formatCount } from '../ui/format.ts'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'

export function Audit() {
  const me = useMe()
  const search = useSearch({ from: '/shell/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const isNarrow = useMediaQuery('(max-width: 760px)') ?? false
  const [askedAtMs, setAskedAtMs] = useState(() => Date.now())
  const [opened, setOpened] = useState<AuditEvent | null>(null)
  const filters = useMemo(() => auditFilters(search, askedAtMs), [search, askedAtMs])
  const trail = useInfiniteQuery(auditQuery(filters))
  const events = useMemo(() => trail.data?.pages.flatMap(({ items }) => items) ?? [], [trail.data])
  const { fetchNextPage, isFetchingNextPage, hasNextPage } = trail
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [fetchNextPage, isFetchingNextPage])
  const refresh = (): void => {
    setAskedAtMs(Date.now())
    void trail.refetch()
  }
  useShortcuts([{ keys: 'r', says: 'Look again', group: 'Audit', run: refresh }])
  const isOwn = me.may['audit.list'] === 'own'
  return (
    <Page
      fills
      title={isOwn ? 'Your audit trail' : 'Audit trail'}
      note={
        trail.data === undefined
          ? ''
          : `${formatCount(events.length)}${hasNextPage ? ' and more' : ''} events, newest first`
      }
      aside={
        <Button
          size="compact-md"
          variant="default"
          leftSection={<IconRefresh size={15} stroke={1.7} />}
          loading={trail.isRefetching && !isFetchingNextPage}
          onClick={refresh}
        >
          Look again
        </Button>
      }
    >
      <AuditFilters
        search={search}
        onChange={(next) => void navigate({ search: next, replace: true })}
      />
      {trail.isPending && <Skeleton rows={10} label="Loading the trail" />}
      {trail.isError && events.length === 0 && (
        <ProblemNotice error={trail.error} retry={() => void trail.refetch()} />
      )}
      {trail.isSuccess && events.length === 0 && (
        <Notice kind="empty" title="No such event">
          <p>
            {isOwn
              ? 'Only your own deeds are shown to you; an auditor sees everybody’s.'
              : 'Take a filter away, or look further back.'}
          </p>
        </Notice>
      )}
      {events.length > 0 && (
        <AuditList
          key={JSON.stringify(search)}
          events={events}
          isNarrow={isNarrow}
          hasMore={hasNextPage}
          onMore={more}
          onOpen={setOpened}
        />
      )}
      <EventDialog event={opened} onClose={() => setOpened(null)} />
    </Page>
  )
}
