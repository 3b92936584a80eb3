/** One turn: when and how it went, what it added to the context, what came back. */
import { useIntersection } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Content, ContentBlock } from '../../api/content.ts'
import { formatCount, formatDuration } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { RecordedText } from '../../ui/recorded-text.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { BlockCard, Part } from '../exchange/block-card.tsx'
import { HeldLink } from '../keeping/held-mark.tsx'
import { addedBy } from './shape.ts'
import type { Turn } from './shape.ts'
import type { ThreadContent } from './use-thread-content.ts'
import classes from './conversation.module.css'

interface TurnCardProps {
  readonly turn: Turn
  readonly parent: Turn | undefined
  readonly content: ThreadContent
  readonly isChosen: boolean
}

const LANES = 5

export function TurnCard({ turn, parent, content, isChosen }: TurnCardProps) {
  const { exchange, number, isFork, lane, by } = turn
  const { ref, entry } = useIntersection({ rootMargin: '300px' })
  const isInSight = entry?.isIntersecting ?? false
  const { want, ofTurn } = content
  useEffect(() => {
    if (isInSight) want(exchange.id)
  }, [isInSight, want, exchange.id])
  const own = ofTurn.get(exchange.id)
  const before = parent === undefined ? undefined : ofTurn.get(parent.exchange.id)?.data
  const { inputTokens, outputTokens, durationMs } = exchange
  return (
    <article
      ref={ref}
      id={`turn-${number}`}
      className={classes.turn}
      data-lane={Math.min(lane, LANES)}
      data-chosen={isChosen || undefined}
      aria-label={`Turn ${number}`}
      tabIndex={-1}
    >
      <header className={classes.turnHead}>
        <h2>
          <Link to="/exchanges/$id" params={{ id: exchange.id }}>
            Turn {number}
          </Link>
        </h2>
        <StateBadge state={exchange.state} />
        <HeldLink holds={exchange.holds} />
        <Moment ms={exchange.receivedAtMs} />
        <span>{visibleLine(exchange.model ?? exchange.surface, 60)}</span>
        {inputTokens !== null && (
          <span>
            {formatCount(inputTokens)} / {formatCount(outputTokens ?? 0)} tokens
          </span>
        )}
        {durationMs !== null && <span>{formatDuration(durationMs)}</span>}
        <Link to="/exchanges/$id/replay" params={{ id: exchange.id }} className={classes.replay}>
          Replay
        </Link>
      </header>
      {isFork && parent !== undefined && (
        <p className={classes.fork}>
          Fork: it continues turn {parent.number}, which another turn continued before
        </p>
      )}
      {by === 'unsure' && (
        <p className={classes.fork}>
          It continues one of several turns in which the same was said; which one cannot be told
        </p>
      )}
      {number > 1 && by === 'none' && (
        <p className={classes.fork}>
          It begins anew: nothing of the turns before is in its context
        </p>
      )}
      {content.mayRead && own?.error != null && <ProblemNotice error={own.error} />}
      {content.mayRead && own?.error == null && own?.data === undefined && (
        <Skeleton rows={3} label={`Loading turn ${number}`} />
      )}
      {own?.data !== undefined && (
        <TurnContent content={own.data} before={before?.request.blocks} />
      )}
    </article>
  )
}

interface TurnContentProps {
  readonly content: Content
  readonly before: readonly ContentBlock[] | undefined
}

function TurnContent({ content, before }: TurnContentProps) {
  const { request, answer, problems } = content
  const { blocks, tools, carried } = addedBy(request.blocks, before)
  // The first thing that a turn adds is most often the answer before it, sent back.
  const [sentBack, said] =
    before !== undefined && blocks[0]?.role === 'assistant'
      ? [blocks[0], blocks.slice(1)]
      : [null, blocks]
  const assembled = answer.assembled
  return (
    <div className={classes.turnBody}>
      <p className={classes.carried}>
        {carried > 0 ? `${formatCount(carried)} blocks carried over, ` : ''}
        {formatCount(blocks.length)} added
        {tools > 0 ? `, ${formatCount(tools)} tools offered` : ''}
      </p>
      {problems.map((problem) => (
        <p key={problem} role="alert">
          {problem}
        </p>
      ))}
      {sentBack !== null && (
        <details className={classes.sentBack}>
          <summary>The answer before it, sent back</summary>
          <BlockCard block={sentBack} />
        </details>
      )}
      {said.map((block) => (
        <BlockCard key={block.index} block={block} />
      ))}
      {request.text !== null && <RecordedText text={request.text} />}
      <section className={classes.answer} aria-label="Answer">
        <h3>Answer</h3>
        {assembled === null && (
          <p className={classes.carried}>{answer.problem === '' ? 'None.' : answer.problem}</p>
        )}
        {assembled?.error != null && <RecordedText text={assembled.error} />}
        {assembled !== null && assembled.text !== '' && <RecordedText text={assembled.text} />}
        {assembled !== null && assembled.refusal !== '' && (
          <RecordedText text={assembled.refusal} />
        )}
        {assembled?.toolCalls.map((call, at) => (
          <Part
            key={at}
            part={{
              kind: 'tool-call',
              text: call.arguments,
              name: call.name,
              id: call.id,
              truncated: false,
            }}
          />
        ))}
      </section>
    </div>
  )
}
