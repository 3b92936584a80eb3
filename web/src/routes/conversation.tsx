/** Conversation: the thread of exchanges as a timeline, forks visible, what each turn added. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useEffect, useMemo } from 'react'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { threadQuery } from '../api/conversations.ts'
import type { Thread, ThreadOf } from '../api/conversations.ts'
import { Outline } from '../features/conversation/outline.tsx'
import { shapeOf } from '../features/conversation/shape.ts'
import { ThreadBar } from '../features/conversation/thread-bar.tsx'
import { TurnCard } from '../features/conversation/turn-card.tsx'
import { useThreadContent } from '../features/conversation/use-thread-content.ts'
import { HeldLink } from '../features/keeping/held-mark.tsx'
import { HoldButton } from '../features/keeping/hold-button.tsx'
import { LockButton } from '../features/locks/lock-button.tsx'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { formatCount } from '../ui/format.ts'
import { ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import classes from '../features/conversation/conversation.module.css'

export interface ConversationSearch {
  /** Number of the turn that is looked at. */
  readonly turn?: string
}

export function readConversationSearch(search: Record<string, unknown>): ConversationSearch {
  const { turn } = search
  return typeof turn === 'string' && /^[1-9]\d{0,3}$/u.test(turn) ? { turn } : {}
}

export function DeclaredConversation() {
  const { id } = useParams({ from: '/shell/conversations/$id' })
  return <Conversation of={{ conversation: id }} />
}

export function ExchangeConversation() {
  const { id } = useParams({ from: '/shell/exchanges/$id/conversation' })
  return <Conversation of={{ exchange: id }} />
}

function Conversation({ of }: { readonly of: ThreadOf }) {
  const thread = useQuery(threadQuery(of))
  if (thread.isPending) return <Skeleton rows={10} label="Loading the conversation" />
  if (thread.isError)
    return <ProblemNotice error={thread.error} retry={() => void thread.refetch()} />
  return <ThreadPage thread={thread.data} from={'exchange' in of ? of.exchange : null} />
}

interface ThreadPageProps {
  readonly thread: Thread
  /** The exchange from which one came. */
  readonly from: string | null
}

function ThreadPage({ thread, from }: ThreadPageProps) {
  const search = useSearch({ strict: false })
  const navigate = useNavigate()
  const content = useThreadContent(thread)
  const { ofTurn } = content
  const turns = useMemo(() => {
    const contexts = [...ofTurn].flatMap(([id, { data }]) =>
      data === undefined ? [] : [[id, data.request.blocks] as const],
    )
    return shapeOf(thread, new Map(contexts))
  }, [thread, ofTurn])
  const fromNumber = turns.find(({ exchange }) => exchange.id === from)?.number
  const chosen = Math.min(Number(search.turn ?? fromNumber ?? 1), turns.length)
  const choose = (number: number): void =>
    void navigate({
      to: '.',
      search: { turn: String(Math.max(1, Math.min(turns.length, number))) },
      replace: true,
    })
  useEffect(() => {
    if (search.turn === undefined && fromNumber === undefined) return
    const turn = document.querySelector<HTMLElement>(`#turn-${chosen}`)
    // The first stands below the title, which is worth seeing too.
    if (chosen === 1) turn?.closest('main')?.scrollTo({ top: 0 })
    else turn?.scrollIntoView({ block: 'start' })
    turn?.focus({ preventScroll: true })
  }, [chosen, search.turn, fromNumber])
  const open = turns[chosen - 1]?.exchange.id
  const group = 'Conversation'
  useShortcuts([
    { keys: 'j', says: 'Next turn', group, run: () => choose(chosen + 1) },
    { keys: 'k', says: 'Turn before', group, run: () => choose(chosen - 1) },
    {
      keys: 'o',
      says: 'Open the turn',
      group,
      run: () => {
        if (open !== undefined) void navigate({ to: '/exchanges/$id', params: { id: open } })
      },
    },
  ])
  const forks = turns.filter(({ isFork }) => isFork).length
  return (
    <Page
      title="Conversation"
      note={[
        `${formatCount(turns.length)} ${turns.length === 1 ? 'turn' : 'turns'}`,
        forks === 0 ? '' : `${formatCount(forks)} ${forks === 1 ? 'fork' : 'forks'}`,
        thread.by === ''
          ? METHODS[thread.method]
          : `${METHODS[thread.method]} (${visibleLine(thread.by, 80)})`,
      ]
        .filter((text) => text !== '')
        .join(', ')}
      aside={
        <>
          <HeldLink holds={heldBy(thread)} />
          <HoldButton conversation={thread.id} />
          <LockButton
            kind="conversation"
            value={thread.id ?? thread.exchanges[0]?.exchange.linked ?? ''}
          />
          {open !== undefined && (
            <Link to="/exchanges/$id/film" params={{ id: open }}>
              Film
            </Link>
          )}
          <Button
            size="compact-sm"
            variant="default"
            disabled={chosen <= 1}
            onClick={() => choose(chosen - 1)}
          >
            Turn before
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            disabled={chosen >= turns.length}
            onClick={() => choose(chosen + 1)}
          >
            Next turn
          </Button>
        </>
      }
    >
      <ThreadBar conversation={thread.id} content={content} />
      {thread.truncated && (
        <p className={classes.note}>Only the {formatCount(turns.length)} newest turns are shown.</p>
      )}
      <div className={classes.split}>
        <Outline turns={turns} chosen={chosen} onChoose={choose} />
        <div className={classes.turns}>
          {turns.map((turn) => (
            <TurnCard
              key={turn.exchange.id}
              turn={turn}
              parent={turns.find(({ exchange }) => exchange.id === turn.parent)}
              content={content}
              isChosen={turn.number === chosen}
            />
          ))}
        </div>
      </div>
    </Page>
  )
}

function heldBy({ exchanges }: Thread): readonly string[] {
  return [...new Set(exchanges.flatMap(({ exchange }) => exchange.holds))]
}

const METHODS: Readonly<Record<Thread['method'], string>> = {
  'declared-id': 'put together by an id that the caller sent',
  'response-chain': 'put together by answers that name each other',
  context: 'put together by what was said before',
  single: 'nothing links it to another exchange',
}
