/** Upstreams: where prompts can go, and how the gateway and each of them do. */
import { useQuery } from '@tanstack/react-query'
import { upstreamsQuery } from '../api/operations.ts'
import { GatewayStatus } from '../features/upstreams/gateway-status.tsx'
import { UpstreamCard } from '../features/upstreams/upstream-card.tsx'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import classes from '../features/upstreams/upstream-card.module.css'

export function Upstreams() {
  const upstreams = useQuery(upstreamsQuery)
  return (
    <Page title="Upstreams" note="counted from the exchanges of the last hour">
      <GatewayStatus />
      {upstreams.isPending && <Skeleton label="Loading upstreams" />}
      {upstreams.isError && (
        <ProblemNotice error={upstreams.error} retry={() => void upstreams.refetch()} />
      )}
      {upstreams.data?.items.length === 0 && (
        <Notice kind="empty" title="No upstreams">
          <p>Set a provider key in the environment, or name upstreams in custody.yaml.</p>
        </Notice>
      )}
      <div className={classes.grid}>
        {upstreams.data?.items.map((upstream) => (
          <UpstreamCard key={upstream.name} upstream={upstream} />
        ))}
      </div>
    </Page>
  )
}
