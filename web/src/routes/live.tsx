/** Live: exchanges as they happen, searched, counted and chosen in time. Its whole state is in the address. */
import { Button, Drawer } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import { IconFilter, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useRef } from 'react'
import { mayCall, useMe } from '../features/access/me.ts'
import { ColumnMenu } from '../features/exchange-list/column-menu.tsx'
import { readColumns, writeColumns } from '../features/exchange-list/columns.tsx'
import { ExchangeList } from '../features/exchange-list/exchange-list.tsx'
import { StreamLight } from '../features/exchange-list/stream-light.tsx'
import { useExchangeList } from '../features/exchange-list/use-exchange-list.ts'
import { ExportQuery } from '../features/keeping/export-query.tsx'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { FacetPanel } from '../features/query/facet-panel.tsx'
import { fieldOf } from '../../../src/model/query/fields.ts'
import { toggleValue, withBetween, withoutWindow } from '../features/query/filters.ts'
import { writeQuery } from '../features/query/grammar.ts'
import type { Query } from '../features/query/grammar.ts'
import { Histogram } from '../features/query/histogram.tsx'
import { QueryBar } from '../features/query/query-bar.tsx'
import { RangeMenu } from '../features/query/range-menu.tsx'
import { SavedViews } from '../features/views/saved-views.tsx'
import { formatCount } from '../ui/format.ts'
import classes from './live.module.css'

export interface LiveSearch {
  readonly q?: string
  readonly cols?: string
}

export function readLiveSearch(search: Record<string, unknown>): LiveSearch {
  const { q, cols } = search
  return {
    ...(typeof q === 'string' && q !== '' ? { q: q.slice(0, 4_000) } : {}),
    ...(typeof cols === 'string' && cols !== '' ? { cols } : {}),
  }
}

export function Live() {
  const search = useSearch({ from: '/shell/exchanges' })
  const navigate = useNavigate({ from: '/exchanges' })
  const isNarrow = useMediaQuery('(max-width: 760px)') ?? false
  const [facetsShown, facetsDrawer] = useDisclosure(false)
  const input = useRef<HTMLInputElement>(null)
  const list = useExchangeList(search.q ?? '')
  const columns = readColumns(search.cols)
  const me = useMe()

  const show = (next: LiveSearch): void => void navigate({ search: next })
  const searchFor = (q: string): void => {
    if (/^ex_[0-9a-z]{26}$/u.test(q)) void navigate({ to: '/exchanges/$id', params: { id: q } })
    else if (q === (search.q ?? '')) list.reload()
    else show({ ...search, q })
  }
  const change = (query: Query): void => searchFor(writeQuery(query))
  useShortcuts([
    { keys: '/', says: 'Write a query', group: 'Live', run: () => input.current?.focus() },
    { keys: 'p', says: 'Pause or go on', group: 'Live', run: list.togglePause },
  ])
  const facetPanel = (
    <FacetPanel
      facets={list.facets}
      query={list.query}
      onToggle={(field, value) => change(toggleValue(list.query, field, value))}
    />
  )
  return (
    <div className={classes.page}>
      <h1 className={classes.title}>Live exchanges</h1>
      <div className={classes.bar}>
        <QueryBar
          text={search.q ?? ''}
          input={input}
          onSearch={searchFor}
          counted={(field) => {
            const { facet } = fieldOf(field)
            return facet === null ? [] : (list.facets?.fields[facet] ?? [])
          }}
        />
        <RangeMenu query={list.query} onChange={change} />
        {!isNarrow && (
          <ColumnMenu
            columns={columns}
            onChange={(names) => show({ ...search, cols: writeColumns(names) ?? '' })}
          />
        )}
        {mayCall(me, 'alerts.create') && (
          <Link
            to="/alerts"
            search={{ q: withoutWindow(search.q ?? '') }}
            className={classes.alert}
          >
            Alert
          </Link>
        )}
        <ExportQuery filter={list.filters} text={search.q ?? ''} total={list.total} />
        <SavedViews
          page="exchanges"
          search={new URLSearchParams({ ...search }).toString()}
          onOpen={(text) => show(readLiveSearch(Object.fromEntries(new URLSearchParams(text))))}
        />
        {isNarrow && (
          <Button
            variant="default"
            size="compact-md"
            leftSection={<IconFilter size={15} stroke={1.7} />}
            onClick={facetsDrawer.open}
          >
            Filters
          </Button>
        )}
      </div>
      <Histogram
        histogram={list.histogram}
        fromMs={list.window.fromMs}
        toMs={list.window.toMs}
        onBrush={(fromMs, toMs) => change(withBetween(list.query, fromMs, toMs))}
      />
      <div className={classes.status}>
        <span>{list.total === null ? '…' : `${formatCount(list.total)} exchanges`}</span>
        {list.histogram !== undefined && list.histogram.erased > 0 && (
          <Link to="/retention" title="Nothing is left of them that the query could ask">
            {formatCount(list.histogram.erased)} of this time erased
          </Link>
        )}
        <StreamLight stream={list.stream} slides={list.window.slides} />
        <Button
          variant="subtle"
          size="compact-xs"
          disabled={!list.window.slides}
          leftSection={list.isPaused ? <IconPlayerPlay size={13} /> : <IconPlayerPause size={13} />}
          onClick={list.togglePause}
        >
          {list.isPaused ? 'Go on' : 'Pause'}
        </Button>
      </div>
      <div className={classes.split}>
        {isNarrow ? (
          <Drawer opened={facetsShown} onClose={facetsDrawer.close} title="Filters" size="82%">
            {facetPanel}
          </Drawer>
        ) : (
          <aside className={classes.facets} aria-label="Filters">
            {facetPanel}
          </aside>
        )}
        <ExchangeList
          list={list}
          columns={columns}
          isNarrow={isNarrow}
          hasQuery={search.q !== undefined}
        />
      </div>
    </div>
  )
}
