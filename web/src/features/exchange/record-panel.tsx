/** Reads the record back and says what does not verify: every frame and digest of the exchange. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { proofQuery } from '../../api/exchanges.ts'
import { download } from '../../ui/download.ts'
import { formatBytes, formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import classes from './record-panel.module.css'

export function RecordPanel({ id }: { readonly id: string }) {
  const proof = useQuery(proofQuery(id))
  if (proof.isPending) return <Skeleton rows={5} label="Checking the record" />
  if (proof.isError) return <ProblemNotice error={proof.error} retry={() => void proof.refetch()} />
  const { verdict, problems, frames, leaves } = proof.data
  return (
    <Panel
      title="Record"
      note="read back and checked just now"
      aside={<StateBadge state={verdict} />}
    >
      {problems.length > 0 && (
        <ul className={classes.problems}>
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
      <section className={classes.leaves} aria-label="Proofs">
        {leaves.length === 0 && <p>Its leaves in the transparency log come within a second.</p>}
        {leaves.map(({ index, kind, atMs, name, file }) => (
          <p key={index}>
            <span>
              {kind}, leaf {formatCount(index)}, <Moment ms={atMs} />
            </span>
            <Button variant="default" size="compact-xs" onClick={() => download(name, file)}>
              Download proof
            </Button>
          </p>
        ))}
      </section>
      <div className={classes.scroll} tabIndex={0} role="region" aria-label="Frames">
        <table className={classes.frames}>
          <thead>
            <tr>
              <th scope="col">Frame</th>
              <th scope="col">Instance</th>
              <th scope="col">Segment</th>
              <th scope="col">Offset</th>
              <th scope="col">Size</th>
            </tr>
          </thead>
          <tbody>
            {frames.map((frame) => (
              <tr key={`${frame.instance} ${frame.segment} ${frame.offset}`}>
                <td>{frame.type}</td>
                <td>{frame.instance}</td>
                <td>{frame.segment}</td>
                <td>{frame.offset}</td>
                <td>{formatBytes(frame.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
