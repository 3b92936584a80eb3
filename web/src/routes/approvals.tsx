/** The inbox: requests that wait for people, those decided, reviews that are due, and what was granted. */
import { notifications } from '@mantine/notifications'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { approvalsQuery, endGrant, grantsQuery } from '../api/approvals.ts'
import type { ApprovalList, Grant } from '../api/approvals.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { ApprovalCard } from '../features/approvals/approval-card.tsx'
import { GrantTable } from '../features/approvals/grant-table.tsx'
import { useApprovalsLive } from '../features/approvals/use-approvals-live.ts'
import { ExportOrders, OpenExports } from '../features/exports/export-orders.tsx'
import { AccessRequests } from '../features/restricted/access-requests.tsx'
import { Choice } from '../ui/choice.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { formatCount } from '../ui/format.ts'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'
import classes from '../features/approvals/approval-card.module.css'

type Shown = ApprovalList | 'grants' | 'exports'

const SHOWN: readonly Shown[] = ['decided', 'review', 'grants', 'exports']

export interface ApprovalsSearch {
  readonly show?: Exclude<Shown, 'pending'>
}

export function readApprovalsSearch({ show }: Record<string, unknown>): ApprovalsSearch {
  const known = SHOWN.find((one) => one === show)
  return known === undefined || known === 'pending' ? {} : { show: known }
}

export function Approvals() {
  const { show = 'pending' } = useSearch({ from: '/shell/approvals' })
  const navigate = useNavigate({ from: '/approvals' })
  const stream = useApprovalsLive()
  const me = useMe()
  return (
    <Page
      title="Approvals"
      note={stream === 'live' ? 'live' : stream}
      aside={
        <Choice<Shown>
          label="Which approvals"
          value={show}
          options={[
            ['pending', 'Waiting'],
            ['decided', 'Decided'],
            ['review', 'To review'],
            ['grants', 'Grants'],
            ...(mayCall(me, 'exports.orders') ? [['exports', 'Exports'] as const] : []),
          ]}
          onChange={(value) =>
            void navigate({ search: value === 'pending' ? {} : { show: value }, replace: true })
          }
        />
      }
    >
      {show === 'pending' && <AccessRequests />}
      {show === 'pending' && <OpenExports />}
      {show === 'grants' && <Grants />}
      {show === 'exports' && <ExportOrders />}
      {show !== 'grants' && show !== 'exports' && <Cards show={show} />}
    </Page>
  )
}

const EMPTY: Readonly<Record<ApprovalList, readonly [title: string, text: string]>> = {
  pending: ['No request waits', 'Requests that a rule holds appear here while their callers wait.'],
  decided: ['Nothing was decided yet', 'Decisions stay here, with who made them and why.'],
  review: ['No review is due', 'Approvals that broke the glass wait here for a second look.'],
}

function Cards({ show }: { readonly show: ApprovalList }) {
  const me = useMe()
  const approvals = useQuery(approvalsQuery(show))
  if (approvals.isPending) return <Skeleton label="Loading approvals" />
  if (approvals.isError)
    return <ProblemNotice error={approvals.error} retry={() => void approvals.refetch()} />
  const { items } = approvals.data
  if (items.length === 0) {
    const [title, text] = EMPTY[show]
    return (
      <Notice kind="empty" title={title}>
        <p>{text}</p>
      </Notice>
    )
  }
  return (
    <div className={classes.list}>
      {items.map((approval) => (
        <ApprovalCard
          key={approval.id}
          approval={approval}
          mayDecide={mayCall(me, 'approvals.decide')}
          mayReview={mayCall(me, 'approvals.review')}
        />
      ))}
    </div>
  )
}

function Grants() {
  const me = useMe()
  const client = useQueryClient()
  const grants = useQuery(grantsQuery)
  const [ending, setEnding] = useState<Grant | null>(null)
  const items = grants.data?.items ?? []
  return (
    <Panel title="Grants" note={`${formatCount(items.length)} in force`}>
      {grants.isPending && <Skeleton label="Loading grants" />}
      {grants.isError && <ProblemNotice error={grants.error} retry={() => void grants.refetch()} />}
      {grants.data !== undefined && items.length === 0 && (
        <Notice kind="empty" title="Nothing is granted">
          <p>An approval leaves a grant: for the same request, or for its conversation.</p>
        </Notice>
      )}
      {items.length > 0 && (
        <GrantTable grants={items} mayRevoke={mayCall(me, 'grants.revoke')} onRevoke={setEnding} />
      )}
      <ConfirmDialog
        title="Revoke this grant?"
        verb="Revoke"
        isShown={ending !== null}
        onClose={() => setEnding(null)}
        onConfirm={async () => {
          await endGrant(ending?.id ?? '')
          await client.invalidateQueries({ queryKey: grantsQuery.queryKey })
          notifications.show({ message: 'The grant is revoked.' })
        }}
      >
        <p>
          The next request of <strong>{visibleLine(ending?.principal ?? '', 120)}</strong> that it
          would have let through waits for people again.
        </p>
      </ConfirmDialog>
    </Panel>
  )
}
