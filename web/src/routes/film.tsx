/** Film: a conversation played turn by turn, as the context window filled. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { threadQuery } from '../api/conversations.ts'
import type { Thread, ThreadOf } from '../api/conversations.ts'
import { ThreadBar } from '../features/conversation/thread-bar.tsx'
import { useThreadContent } from '../features/conversation/use-thread-content.ts'
import { FilmView } from '../features/film/film-view.tsx'
import { SCENE_MS, SETTLED_AT_MS } from '../features/film/film.ts'
import { useFilm } from '../features/film/use-film.ts'
import { formatMomentOf, readMomentOf } from '../features/replay/timeline.ts'
import { formatCount } from '../ui/format.ts'
import { ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'

export interface FilmSearch {
  /** Seconds from the beginning of the film. */
  readonly t?: string
}

export function readFilmSearch({ t }: Record<string, unknown>): FilmSearch {
  return typeof t === 'string' && /^\d{1,7}(?:\.\d{1,3})?$/u.test(t) ? { t } : {}
}

export function ConversationFilm() {
  const { id } = useParams({ from: '/shell/conversations/$id/film' })
  return <Screening of={{ conversation: id }} />
}

export function ExchangeFilm() {
  const { id } = useParams({ from: '/shell/exchanges/$id/film' })
  return <Screening of={{ exchange: id }} />
}

function Screening({ of }: { readonly of: ThreadOf }) {
  const thread = useQuery(threadQuery(of))
  if (thread.isPending) return <Skeleton rows={12} label="Loading the conversation" />
  if (thread.isError)
    return <ProblemNotice error={thread.error} retry={() => void thread.refetch()} />
  return <FilmPage thread={thread.data} from={'exchange' in of ? of.exchange : null} />
}

interface FilmPageProps {
  readonly thread: Thread
  /** The exchange from which one came: the film opens with its turn. */
  readonly from: string | null
}

/** So many turns are read ahead of the one that plays. */
const AHEAD = 4

function FilmPage({ thread, from }: FilmPageProps) {
  const search = useSearch({ strict: false })
  const navigate = useNavigate()
  const content = useThreadContent(thread)
  const film = useFilm(thread, content)
  const ids = thread.exchanges.map(({ exchange }) => exchange.id)
  const [startMs] = useState(() =>
    search.t === undefined
      ? Math.max(0, ids.indexOf(from ?? '')) * SCENE_MS + SETTLED_AT_MS
      : readMomentOf(search.t),
  )
  const want = (index: number): void => {
    for (const id of ids.slice(Math.max(0, index - 1), index + AHEAD)) content.want(id)
  }
  return (
    <Page
      title="Film"
      note={`${formatCount(ids.length)} ${ids.length === 1 ? 'turn' : 'turns'}, as the context window filled`}
      aside={
        ids[0] !== undefined && (
          <Link to="/exchanges/$id/conversation" params={{ id: from ?? ids[0] }}>
            As a list
          </Link>
        )
      }
    >
      <ThreadBar conversation={thread.id} content={content} />
      <FilmView
        film={film}
        startMs={startMs}
        onTurn={want}
        onStay={(atMs) =>
          void navigate({ to: '.', search: { t: formatMomentOf(atMs) }, replace: true })
        }
      />
    </Page>
  )
}
