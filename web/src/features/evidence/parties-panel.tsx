/** Who holds checkpoints outside of this machine, how far, and who fails. */
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { EvidenceHealth } from '../../api/evidence.ts'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import classes from './evidence.module.css'

const KINDS = { witness: 'witness', receiver: 'keeps copies', timestamp: 'time stamps' } as const

export function PartiesPanel({ parties }: Pick<EvidenceHealth, 'parties'>) {
  if (parties.length === 0)
    return (
      <Notice kind="empty" title="Nobody outside holds checkpoints">
        <p>
          Whoever owns this machine could rewrite its log. Name a witness under{' '}
          <code>evidence.witnesses</code> in custody.yaml, run by somebody else.
        </p>
      </Notice>
    )
  return (
    <Panel title="Held outside" note="each new checkpoint goes to all of them">
      <div className={classes.body}>
        <div
          className={classes.scroll}
          tabIndex={0}
          role="region"
          aria-label="Who holds checkpoints"
        >
          <table className={classes.parties}>
            <thead>
              <tr>
                <th scope="col">Who</th>
                <th scope="col">Does</th>
                <th scope="col">Up to leaf</th>
                <th scope="col">When</th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {parties.map(({ kind, name, size, atMs, failure }) => (
                <tr key={name}>
                  <td>{visibleLine(name, 120)}</td>
                  <td>{KINDS[kind]}</td>
                  <td>{size === null ? '–' : formatCount(size)}</td>
                  <td>{atMs === null ? '–' : <Moment ms={atMs} />}</td>
                  <td>
                    <StateBadge state={stateOf(size, failure)} />
                    {failure !== '' && <div>{visibleLine(failure, 300)}</div>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </Panel>
  )
}

function stateOf(size: number | null, failure: string): string {
  if (failure !== '') return 'failing'
  return size === null ? 'not asked yet' : 'healthy'
}
