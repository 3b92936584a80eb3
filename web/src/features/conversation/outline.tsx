/** The turns in short, forks set in, to jump between them. */
import type { Turn } from './shape.ts'
import { Moment } from '../../ui/moment.tsx'
import classes from './conversation.module.css'

interface OutlineProps {
  readonly turns: readonly Turn[]
  readonly chosen: number
  readonly onChoose: (number: number) => void
}

const LANES = 5

export function Outline({ turns, chosen, onChoose }: OutlineProps) {
  return (
    <nav className={classes.outline} aria-label="Turns">
      <ol>
        {turns.map(({ number, exchange, lane, isFork }) => (
          <li key={exchange.id} data-lane={Math.min(lane, LANES)}>
            <button
              type="button"
              data-state={exchange.state}
              aria-current={number === chosen ? 'true' : undefined}
              onClick={() => onChoose(number)}
            >
              <span>
                Turn {number}
                {isFork ? ', fork' : ''}
              </span>
              <Moment ms={exchange.receivedAtMs} short />
            </button>
          </li>
        ))}
      </ol>
    </nav>
  )
}
