/** What stands beside an entity, most first; each leads to its own page, each count to the exchanges of both. */
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { Entity } from '../../api/entities.ts'
import { formatCount } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { queryText } from '../query/grammar.ts'
import { EntityLink } from './entity-link.tsx'
import classes from './entity.module.css'
import { PEERS } from './kinds.ts'

interface PeersProps {
  readonly peers: Entity['peers']
  /** The query of the entity itself. */
  readonly asked: string
}

export function Peers({ peers, asked }: PeersProps) {
  return (
    <div className={classes.peers}>
      {peers.map(({ field, values }) => {
        const { title, kind, field: queried } = PEERS[field]
        const most = Math.max(1, ...values.map(({ count }) => count))
        return (
          <Panel key={field} title={title}>
            <ul className={classes.values}>
              {values.map(({ value, count }) => (
                <li key={value}>
                  <span className={classes.bar} style={{ width: `${(100 * count) / most}%` }} />
                  <span className={classes.value}>
                    {kind === null ? (
                      visibleLine(value, 80)
                    ) : (
                      <EntityLink kind={kind} value={value} charsMax={80} />
                    )}
                  </span>
                  <Link
                    to="/exchanges"
                    search={{ q: `${asked} ${queryText(queried, value)} last:365d` }}
                    aria-label={`${count} exchanges with ${visibleLine(value, 40)}`}
                  >
                    {formatCount(count)}
                  </Link>
                </li>
              ))}
            </ul>
          </Panel>
        )
      })}
    </div>
  )
}
