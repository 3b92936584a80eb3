/** Whether the gateway is ready, and why not: its checks, its evidence, how much room is left. */
import { useQuery } from '@tanstack/react-query'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { statusQuery } from '../../api/operations.ts'
import { formatBytes, formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Facts, Panel } from '../../ui/panel.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import classes from './upstream-card.module.css'

export function GatewayStatus() {
  const status = useQuery(statusQuery)
  if (status.isPending) return <Skeleton rows={3} label="Loading the state of the gateway" />
  if (status.isError)
    return <ProblemNotice error={status.error} retry={() => void status.refetch()} />
  const { ready, checks, evidence, exchangesInProgress, startedAtMs, version, proxyUrl } =
    status.data
  const failing = Object.entries(checks).filter(([, said]) => said !== 'ok')
  return (
    <Panel
      title="This gateway"
      note={`version ${version}`}
      aside={<StateBadge state={ready ? 'healthy' : 'failing'} />}
    >
      <div className={classes.body}>
        <Facts
          facts={[
            ['Programs call', <code key="url">{proxyUrl}</code>],
            ['Evidence', evidence.ready ? 'is written' : visibleLine(evidence.reason, 200)],
            ['Room left', evidence.freeBytes === null ? '' : formatBytes(evidence.freeBytes)],
            ['Index', evidence.indexed ? 'up to date' : 'catching up'],
            ['In progress', formatCount(exchangesInProgress)],
            ['Started', <Moment key="started" ms={startedAtMs} />],
            ...failing.map(([name, said]) => [name, visibleLine(said, 200)] as const),
          ]}
        />
      </div>
    </Panel>
  )
}
