/** Exports that wait for another person: what would leave, to whom and why; approved or denied, and then fetched once. */
import { useQuery } from '@tanstack/react-query'
import { ordersQuery } from '../../api/exports.ts'
import { mayCall, useMe } from '../access/me.ts'
import { formatCount } from '../../ui/format.ts'
import { Notice, ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { ExportOrderItem } from './export-order.tsx'
import classes from './export-orders.module.css'

/** Those that wait for oneself: to be decided, or to be fetched. Nothing where there are none. */
export function OpenExports() {
  const me = useMe()
  const orders = useQuery({ ...ordersQuery, enabled: mayCall(me, 'exports.orders') })
  const open = (orders.data?.items ?? []).filter(({ mayDecide, mayFetch }) => mayDecide || mayFetch)
  if (open.length === 0) return null
  return (
    <Panel title="Exports" note="that leave only when another person approves them">
      <ul className={classes.orders} aria-label="Exports that wait for you">
        {open.map((order) => (
          <ExportOrderItem key={order.id} order={order} />
        ))}
      </ul>
    </Panel>
  )
}

export function ExportOrders() {
  const orders = useQuery(ordersQuery)
  const items = orders.data?.items ?? []
  const waiting = items.filter(({ state }) => state === 'pending').length
  return (
    <Panel title="Exports" note={`${formatCount(waiting)} waiting`}>
      {orders.isPending && <Skeleton label="Loading exports" />}
      {orders.isError && <ProblemNotice error={orders.error} retry={() => void orders.refetch()} />}
      {orders.isSuccess && items.length === 0 && (
        <Notice kind="empty" title="No export has waited">
          <p>Where custody.yaml says so under bundles, an export waits here for a second person.</p>
        </Notice>
      )}
      {items.length > 0 && (
        <ul className={classes.orders} aria-label="Exports">
          {items.map((order) => (
            <ExportOrderItem key={order.id} order={order} />
          ))}
        </ul>
      )}
    </Panel>
  )
}
