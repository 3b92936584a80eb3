/** Versions of the console, newest first; each can be taken into the editor. */
import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { policyVersion, policyVersionsQuery } from '../../api/policy.ts'
import type { PolicyVersion } from '../../api/policy.ts'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { Moment } from '../../ui/moment.tsx'
import { ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { ShowMore } from '../../ui/show-more.tsx'
import classes from './policy.module.css'

interface VersionsPanelProps {
  /** Takes a text into the editor; null where nothing may be written. */
  readonly onTake: ((text: string) => void) | null
}

export function VersionsPanel({ onTake }: VersionsPanelProps) {
  const list = useInfiniteQuery(policyVersionsQuery)
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  const take = (version: number): void => {
    void policyVersion(version).then(({ text }) => onTake?.(text))
  }
  return (
    <Panel title="Versions" note="published in the console; none is ever changed">
      {list.isPending && <Skeleton rows={3} label="Loading versions" />}
      {list.isError && <ProblemNotice error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && items.length === 0 && <p className={classes.text}>None yet.</p>}
      {items.length > 0 && (
        <DataTable
          label="Versions"
          rows={items}
          rowKey={({ version }) => String(version)}
          columns={columnsFor(onTake === null ? null : take)}
        />
      )}
      {list.hasNextPage && (
        <ShowMore isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
    </Panel>
  )
}

function columnsFor(open: ((version: number) => void) | null): TableColumns<PolicyVersion> {
  return [
    { title: 'Version', cell: ({ version }) => version },
    { title: 'Note', cell: ({ note }) => visibleLine(note, 200) },
    { title: 'Author', cell: ({ authorName }) => visibleLine(authorName, 80) },
    { title: 'Published', cell: ({ createdAtMs }) => <Moment ms={createdAtMs} /> },
    { title: 'Policy', cell: ({ hash }) => <code>{hash.slice(0, 12)}</code> },
    {
      title: 'Actions',
      isEnd: true,
      cell: ({ version }) =>
        open !== null && (
          <Button size="compact-xs" variant="default" onClick={() => open(version)}>
            Open
          </Button>
        ),
    },
  ]
}
