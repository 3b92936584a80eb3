/** Reads the record back and says what does not verify: every frame and digest of the exchange. */
import { useQuery } from '@tanstack/react-query'
import { proofQuery } from '../../api/exchanges.ts'
import { formatBytes } from '../../ui/format.ts'
import { ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import classes from './record-panel.module.css'

export function RecordPanel({ id }: { readonly id: string }) {
  const proof = useQuery(proofQuery(id))
  if (proof.isPending) return <Skeleton rows={5} label="Checking the record" />
  if (proof.isError) return <ProblemNotice error={proof.error} retry={() => void proof.refetch()} />
  const { verdict, problems, frames } = proof.data
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
