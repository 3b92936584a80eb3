/** The transparency log itself: how far it is, whether it is written, and its checkpoint to keep elsewhere. */
import { Button } from '@mantine/core'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { EvidenceHealth } from '../../api/evidence.ts'
import { download } from '../../ui/download.ts'
import { formatCount } from '../../ui/format.ts'
import { Facts, Panel } from '../../ui/panel.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import classes from './evidence.module.css'

export function LogPanel({ health }: { readonly health: EvidenceHealth }) {
  const { origin, keys, size, checkpoint, waiting, isBehind, failure, instance } = health
  const isWell = failure === '' && !isBehind
  return (
    <Panel
      title="Transparency log"
      note="append-only, signed"
      aside={<StateBadge state={isWell ? 'healthy' : 'failing'} />}
    >
      <div className={classes.body}>
        <Facts
          facts={[
            ['Name', visibleLine(origin, 120)],
            ['Leaves', formatCount(size)],
            ['Waiting for the next checkpoint', formatCount(waiting)],
            ['This run', instance],
            ['Failure', visibleLine(failure, 200)],
          ]}
        />
        <pre className={classes.note} tabIndex={0} aria-label="Checkpoint">
          {checkpoint.trimEnd()}
        </pre>
        <div className={classes.row}>
          <Button variant="default" onClick={() => download(`checkpoint-${size}`, checkpoint)}>
            Keep this checkpoint
          </Button>
          <Button
            variant="default"
            onClick={() =>
              download(
                'custody-trust.policy',
                `${keys.map((key) => `log ${key}\n`).join('')}quorum none\n`,
              )
            }
          >
            Keep the key as a policy
          </Button>
        </div>
      </div>
    </Panel>
  )
}
