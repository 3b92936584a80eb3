/** The title line of an exchange's pages: what it is, its state, the way between its pages. */
import { IconArrowLeft, IconPlayerPlay } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Exchange } from '../../api/exchanges.ts'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { PinToCase } from '../cases/pin-to-case.tsx'
import { AroundMenu } from '../entity/around-menu.tsx'
import { LockMenu } from '../locks/lock-menu.tsx'
import { subjectsOf } from '../locks/subjects.ts'
import { KeepingButtons } from '../keeping/keeping-buttons.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import classes from './exchange-head.module.css'

interface ExchangeHeadProps {
  readonly exchange: Exchange
  readonly page: 'exchange' | 'replay'
  /** Logins of the people behind it. */
  readonly people?: readonly string[]
  readonly children?: ReactNode
}

export function ExchangeHead({ exchange, page, people = [], children }: ExchangeHeadProps) {
  const { id } = exchange
  return (
    <div className={classes.head}>
      {page === 'replay' ? (
        <Link
          to="/exchanges/$id"
          params={{ id }}
          className={classes.back}
          aria-label="Back to the exchange"
        >
          <IconArrowLeft size={17} stroke={1.7} />
        </Link>
      ) : (
        <Link to="/exchanges" className={classes.back} aria-label="To the live list">
          <IconArrowLeft size={17} stroke={1.7} />
        </Link>
      )}
      <div className={classes.name}>
        <h1>
          {page === 'replay' ? 'Replay of ' : ''}
          {visibleLine(exchange.model ?? exchange.surface, 60)}
          <span className={classes.by}>
            {' by '}
            {exchange.principal === '' ? 'unknown' : visibleLine(exchange.principal, 60)}
          </span>
        </h1>
        <span className={classes.id}>
          {id}
          <CopyButton text={id} label="Copy the id" />
        </span>
      </div>
      <StateBadge state={exchange.state} />
      <div className={classes.aside}>
        {children}
        {page === 'exchange' && (
          <LockMenu of="this exchange" subjects={subjectsOf({ exchange, people })} />
        )}
        {page === 'exchange' && <AroundMenu exchange={exchange} />}
        {page === 'exchange' && <KeepingButtons exchange={exchange} />}
        {page === 'exchange' && <PinToCase exchange={id} />}
        {page === 'exchange' && (
          <Link to="/exchanges/$id/conversation" params={{ id }} className={classes.thread}>
            Conversation
          </Link>
        )}
        {page === 'exchange' && (
          <Link to="/exchanges/$id/film" params={{ id }} className={classes.thread}>
            Film
          </Link>
        )}
        {page === 'exchange' && (
          <Link to="/exchanges/$id/replay" params={{ id }} className={classes.replay}>
            <IconPlayerPlay size={15} stroke={1.8} aria-hidden="true" />
            Replay
          </Link>
        )}
      </div>
    </div>
  )
}
