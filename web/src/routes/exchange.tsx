/** Exchange: everything that is recorded of one request and its answer. */
import { Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { isApiProblem } from '../api/client.ts'
import { contentQuery } from '../api/content.ts'
import type { Part, Side } from '../api/content.ts'
import { exchangeQuery } from '../api/exchanges.ts'
import type { ExchangeDetail } from '../api/exchanges.ts'
import { AnswerPanel } from '../features/exchange/answer-panel.tsx'
import { ContentDenied } from '../features/exchange/content-denied.tsx'
import { ContextWindow } from '../features/exchange/context-window.tsx'
import { ExplanationPanel } from '../features/exchange/explanation-panel.tsx'
import { FindingsPanel } from '../features/exchange/findings-panel.tsx'
import { ExchangeHead } from '../features/exchange/exchange-head.tsx'
import { HeaderStrip } from '../features/exchange/header-strip.tsx'
import { RawPanel } from '../features/exchange/raw-panel.tsx'
import type { RawView } from '../features/exchange/raw-panel.tsx'
import { RecordPanel } from '../features/exchange/record-panel.tsx'
import { RevealBar } from '../features/exchange/reveal-bar.tsx'
import { SideChoice } from '../features/exchange/side-choice.tsx'
import { useContentMode } from '../features/exchange/use-content-mode.ts'
import { ErasedNotice } from '../features/keeping/erased-notice.tsx'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { RestrictedContent } from '../features/restricted/restricted-content.tsx'
import { ProblemNotice, Skeleton } from '../ui/notice.tsx'
import classes from './exchange.module.css'

const TABS = ['content', 'raw', 'record', 'policy'] as const
type Tab = (typeof TABS)[number]

export interface ExchangeSearch {
  readonly tab?: Tab
  readonly part?: Part
  readonly view?: RawView
  readonly side?: Side
}

function oneOf<Name extends string>(value: unknown, names: readonly Name[]): Name | undefined {
  return names.find((name) => name === value)
}

export function readExchangeSearch(search: Record<string, unknown>): ExchangeSearch {
  const tab = oneOf(search['tab'], TABS)
  const part = oneOf(search['part'], ['request', 'answer'] as const)
  const view = oneOf(search['view'], ['text', 'hex', 'events'] as const)
  const side = oneOf(search['side'], ['received', 'sent'] as const)
  return {
    ...(tab === undefined ? {} : { tab }),
    ...(part === undefined ? {} : { part }),
    ...(view === undefined ? {} : { view }),
    ...(side === undefined ? {} : { side }),
  }
}

function peopleBehind(principal: ExchangeDetail['principal']): readonly string[] {
  return principal === null ? [] : [principal.owner, principal.actor]
}

export function Exchange() {
  const { id } = useParams({ from: '/shell/exchanges/$id' })
  const search = useSearch({ from: '/shell/exchanges/$id' })
  const navigate = useNavigate({ from: '/exchanges/$id' })
  const detail = useQuery(exchangeQuery(id))
  const mode = useContentMode(detail.data)
  const isReadable = detail.data?.mayReadContent ?? false
  const state = detail.data?.exchange.state
  const side = search.side ?? 'received'
  const content = useQuery({
    ...contentQuery(id, mode.mode, side),
    enabled: isReadable && isOpenTo(detail.data?.restriction),
    refetchInterval: state === 'open' ? 2_000 : false,
  })
  const tab = search.tab ?? 'content'
  const show = (change: ExchangeSearch): void =>
    void navigate({ search: { ...search, ...change }, replace: true })
  useShortcuts([
    ...TABS.map((name, at) => ({
      keys: String(at + 1),
      says: `Show ${name}`,
      group: 'Exchange',
      run: () => show({ tab: name }),
    })),
    {
      keys: 'r',
      says: 'Replay',
      group: 'Exchange',
      run: () => void navigate({ to: '/exchanges/$id/replay', params: { id } }),
    },
    {
      keys: 'u',
      says: 'To the live list',
      group: 'Exchange',
      run: () => void navigate({ to: '/exchanges' }),
    },
  ])
  if (detail.isPending) return <Skeleton rows={12} label="Loading the exchange" />
  if (isApiProblem(detail.error, 410)) return <ErasedNotice id={id} />
  if (detail.isError)
    return <ProblemNotice error={detail.error} retry={() => void detail.refetch()} />
  const { exchange, restriction } = detail.data

  const contentPart = (shown: (loaded: NonNullable<typeof content.data>) => React.ReactNode) => {
    if (!isReadable) return <ContentDenied />
    if (restriction !== null && restriction.access === null)
      return <RestrictedContent exchanges={[id]} by={restriction.by} />
    if (content.isError)
      return <ProblemNotice error={content.error} retry={() => void content.refetch()} />
    return (
      <>
        <RevealBar detail={detail.data} content={mode} />
        <SideChoice
          masks={detail.data.masks}
          side={side}
          onChange={(next) => show({ side: next })}
        />
        {content.data?.problems.map((problem) => (
          <p key={problem} className={classes.problem} role="alert">
            {problem}
          </p>
        ))}
        {content.data === undefined ? (
          <Skeleton rows={10} label="Loading content" />
        ) : (
          shown(content.data)
        )}
      </>
    )
  }
  return (
    <div className={classes.page}>
      <ExchangeHead
        exchange={exchange}
        page="exchange"
        people={peopleBehind(detail.data.principal)}
      />
      <HeaderStrip detail={detail.data} />
      <Tabs
        value={tab}
        onChange={(value) => show({ tab: oneOf(value, TABS) ?? 'content' })}
        keepMounted={false}
      >
        <Tabs.List>
          <Tabs.Tab value="content">Content</Tabs.Tab>
          <Tabs.Tab value="raw">Raw</Tabs.Tab>
          <Tabs.Tab value="record">Record</Tabs.Tab>
          <Tabs.Tab value="policy">Policy</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="content" className={classes.panel}>
          {contentPart((loaded) => (
            <div className={classes.columns}>
              <ContextWindow key={`${mode.mode} ${side}`} exchange={id} request={loaded.request} />
              <AnswerPanel answer={loaded.answer} isOpen={state === 'open'} />
            </div>
          ))}
          <FindingsPanel detail={detail.data} />
        </Tabs.Panel>
        <Tabs.Panel value="raw" className={classes.panel}>
          {contentPart((loaded) => (
            <RawPanel
              content={loaded}
              mode={mode.mode}
              part={search.part ?? 'request'}
              view={search.view ?? 'text'}
              side={side}
              onChange={show}
            />
          ))}
        </Tabs.Panel>
        <Tabs.Panel value="record" className={classes.panel}>
          <RecordPanel id={id} />
        </Tabs.Panel>
        <Tabs.Panel value="policy" className={classes.panel}>
          <ExplanationPanel id={id} />
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}

/** Content that takes a second person is not asked for before one was let in. */
function isOpenTo(restriction: ExchangeDetail['restriction'] | undefined): boolean {
  return restriction == null || restriction.access !== null
}
