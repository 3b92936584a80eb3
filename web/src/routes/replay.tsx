/** Replay: the answer plays as it came, chunk by chunk, at its original pace. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { replayQuery } from '../api/content.ts'
import type { Side } from '../api/content.ts'
import { exchangeQuery } from '../api/exchanges.ts'
import { ContentDenied } from '../features/exchange/content-denied.tsx'
import { ExchangeHead } from '../features/exchange/exchange-head.tsx'
import { RevealBar } from '../features/exchange/reveal-bar.tsx'
import { SideChoice } from '../features/exchange/side-choice.tsx'
import { useContentMode } from '../features/exchange/use-content-mode.ts'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { PlayerView } from '../features/replay/player-view.tsx'
import type { Idle } from '../features/replay/player-view.tsx'
import { formatMomentOf, readMomentOf } from '../features/replay/timeline.ts'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import classes from './replay.module.css'

export interface ReplaySearch {
  /** Seconds since the exchange arrived. */
  readonly t?: string
  readonly idle?: Exclude<Idle, 'as-recorded'>
  /** Left out: as received. */
  readonly side?: 'sent'
}

export function readReplaySearch(search: Record<string, unknown>): ReplaySearch {
  const { t, idle, side } = search
  return {
    ...(typeof t === 'string' && /^\d{1,7}(?:\.\d{1,3})?$/u.test(t) ? { t } : {}),
    ...(idle === '2s' || idle === '500ms' ? { idle } : {}),
    ...(side === 'sent' ? { side } : {}),
  }
}

export function Replay() {
  const { id } = useParams({ from: '/shell/exchanges/$id/replay' })
  const search = useSearch({ from: '/shell/exchanges/$id/replay' })
  const navigate = useNavigate({ from: '/exchanges/$id/replay' })
  const [startMs] = useState(() => readMomentOf(search.t ?? '0'))
  const detail = useQuery(exchangeQuery(id))
  const content = useContentMode(detail.data)
  const isReadable = detail.data?.mayReadContent ?? false
  const side: Side = search.side ?? 'received'
  const replay = useQuery({ ...replayQuery(id, content.mode, side), enabled: isReadable })
  const show = (change: {
    t?: string
    idle?: ReplaySearch['idle']
    side?: ReplaySearch['side']
  }): void => void navigate({ search: readReplaySearch({ ...search, ...change }), replace: true })
  useShortcuts([
    {
      keys: 'u',
      says: 'To the exchange',
      group: 'Replay',
      run: () => void navigate({ to: '/exchanges/$id', params: { id } }),
    },
  ])
  if (detail.isPending) return <Skeleton rows={12} label="Loading the exchange" />
  if (detail.isError)
    return <ProblemNotice error={detail.error} retry={() => void detail.refetch()} />
  return (
    <div className={classes.page}>
      <ExchangeHead exchange={detail.data.exchange} page="replay" />
      {isReadable ? <RevealBar detail={detail.data} content={content} /> : <ContentDenied />}
      {isReadable && (
        <SideChoice
          masks={detail.data.masks}
          side={side}
          onChange={(next) => show({ side: next === 'sent' ? next : undefined })}
        />
      )}
      {isReadable && replay.isPending && <Skeleton rows={8} label="Loading the replay" />}
      {replay.isError && <ProblemNotice error={replay.error} retry={() => void replay.refetch()} />}
      {replay.data?.steps.length === 0 && (
        <Notice kind="empty" title="There is nothing to replay">
          <p>No bytes of an answer arrived.</p>
        </Notice>
      )}
      {replay.data !== undefined && replay.data.steps.length > 0 && (
        <PlayerView
          key={`${replay.data.mode} ${replay.data.side}`}
          replay={replay.data}
          startMs={startMs}
          idle={search.idle ?? 'as-recorded'}
          onIdle={(idle) => show({ idle: idle === 'as-recorded' ? undefined : idle })}
          onStay={(atMs) => show({ t: formatMomentOf(atMs) })}
        />
      )}
    </div>
  )
}
