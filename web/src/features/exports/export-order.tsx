/** One export that waits or waited: who asks for what and why, what would leave, and what oneself may do about it. */
import { Button, Modal } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { decideOrder, fetchOrder, ordersQuery } from '../../api/exports.ts'
import type { WaitingExport } from '../../api/exports.ts'
import { mayCall, useMe } from '../access/me.ts'
import { ReasonForm } from '../keeping/reason-form.tsx'
import { FormProblem } from '../../ui/form-problem.tsx'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { RecordedText } from '../../ui/recorded-text.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { ExportContents } from './export-contents.tsx'
import classes from './export-orders.module.css'

const countOf = ({ exchanges }: WaitingExport): string =>
  `${formatCount(exchanges.length)} ${exchanges.length === 1 ? 'exchange' : 'exchanges'}`

export function ExportOrderItem({ order }: { readonly order: WaitingExport }) {
  const me = useMe()
  const client = useQueryClient()
  const [deciding, setDeciding] = useState<'approved' | 'denied' | null>(null)
  const [isOpened, setOpened] = useState(false)
  const refresh = (): Promise<void> => client.invalidateQueries(ordersQuery)
  const fetching = useMutation({ mutationFn: () => fetchOrder(order), onSettled: refresh })
  const mayDecide = order.mayDecide && mayCall(me, 'exports.decide')
  return (
    <li className={classes.order} aria-label={`Export ${order.id}`}>
      <div className={classes.what}>
        <p className={classes.head}>
          <strong>{visibleLine(order.askedBy, 80)}</strong> asks for {countOf(order)},{' '}
          <strong data-content={order.content} className={classes.content}>
            {order.content === 'raw' ? 'raw' : 'masked'}
          </strong>
          <StateBadge state={order.state} />
          <span className={classes.when}>
            <Moment ms={order.askedAtMs} />
          </span>
        </p>
        <RecordedText text={order.reason} />
        <Facts order={order} />
        <Decided order={order} />
        <details open={isOpened} onToggle={({ currentTarget }) => setOpened(currentTarget.open)}>
          <summary>What {order.bundle === null ? 'would leave' : 'left'}</summary>
          {isOpened && <ExportContents id={order.id} />}
        </details>
        <FormProblem error={fetching.error} />
      </div>
      <div className={classes.buttons}>
        {mayDecide && (
          <>
            <Button size="compact-sm" variant="default" onClick={() => setDeciding('denied')}>
              Deny
            </Button>
            <Button size="compact-sm" onClick={() => setDeciding('approved')}>
              Approve
            </Button>
          </>
        )}
        {order.mayFetch && (
          <Button size="compact-sm" loading={fetching.isPending} onClick={() => fetching.mutate()}>
            Save the bundle
          </Button>
        )}
      </div>
      <Modal
        opened={deciding !== null}
        onClose={() => setDeciding(null)}
        title={deciding === 'approved' ? 'Let this export leave' : 'Deny this export'}
      >
        {deciding !== null && (
          <ReasonForm
            verb={deciding === 'approved' ? 'Approve' : 'Deny'}
            isDangerous={deciding === 'denied'}
            act={(reason) => decideOrder(order.id, deciding, reason)}
            onDone={() => {
              setDeciding(null)
              void refresh()
            }}
          >
            <p>
              {countOf(order)}, {order.content === 'raw' ? 'with content as it was' : 'masked'},{' '}
              {readersOf(order)}. {visibleLine(order.askedBy, 80)} can fetch it once, until{' '}
              <Moment ms={order.expiresAtMs} />.
            </p>
          </ReasonForm>
        )}
      </Modal>
    </li>
  )
}

function readersOf({ recipients }: WaitingExport): string {
  if (recipients.length === 0) return 'not encrypted: readable for whoever has the file'
  return `encrypted to ${formatCount(recipients.length)} ${recipients.length === 1 ? 'recipient' : 'recipients'}`
}

function Facts({ order }: { readonly order: WaitingExport }) {
  const { query, formats, recipients, exhibit, expiresAtMs, state } = order
  return (
    <ul className={classes.facts}>
      {query !== null && (
        <li>
          by the query <code>{visibleLine(query, 300)}</code>
        </li>
      )}
      {exhibit !== '' && <li>exhibit {visibleLine(exhibit, 200)}</li>}
      <li>signed bundle{formats.length > 0 && `, also as ${formats.join(', ').toUpperCase()}`}</li>
      <li data-open={recipients.length === 0 || undefined}>{readersOf(order)}</li>
      {recipients.map((recipient) => (
        <li key={recipient}>
          <code>{visibleLine(recipient, 70)}</code>
        </li>
      ))}
      {(state === 'pending' || state === 'approved') && (
        <li>
          until <Moment ms={expiresAtMs} />
        </li>
      )}
    </ul>
  )
}

function Decided({ order }: { readonly order: WaitingExport }) {
  const { decidedBy, decidedAtMs, decisionReason, bundle, state } = order
  if (decidedBy === null || decidedAtMs === null) return null
  return (
    <p className={classes.decided}>
      {state === 'denied' ? 'Denied' : 'Approved'} by {visibleLine(decidedBy, 80)},{' '}
      <Moment ms={decidedAtMs} />: {visibleLine(decisionReason ?? '', 300)}
      {bundle !== null && `. It left as ${bundle}`}
    </p>
  )
}
