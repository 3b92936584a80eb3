/** One event of the trail with all that is known of it, and the way to what it was done to. */
import { Modal } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { AuditEvent } from '../../api/operations.ts'
import { Moment } from '../../ui/moment.tsx'
import { Facts } from '../../ui/panel.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { deedOf } from './operations.ts'
import classes from './audit-list.module.css'

interface EventDialogProps {
  readonly event: AuditEvent | null
  readonly onClose: () => void
}

export function EventDialog({ event, onClose }: EventDialogProps) {
  return (
    <Modal opened={event !== null} onClose={onClose} title="Event of the trail" size="lg">
      {event !== null && <EventFacts event={event} onClose={onClose} />}
    </Modal>
  )
}

function EventFacts({
  event,
  onClose,
}: {
  readonly event: AuditEvent
  readonly onClose: () => void
}) {
  const { target } = event
  const isExchange = /^ex_[0-9a-z]{26}$/u.test(target)
  return (
    <div className={classes.facts}>
      <Facts
        facts={[
          ['When', <Moment key="at" ms={event.atMs} />],
          ['Who', event.personName === '' ? 'nobody known' : visibleLine(event.personName, 200)],
          [
            'Deed',
            `${visibleLine(deedOf(event.operation), 80)} (${visibleLine(event.operation, 80)})`,
          ],
          ['Outcome', <StateBadge key="outcome" state={event.outcome} />],
          ['Done to', visibleLine(target, 200)],
          ['Reason', visibleLine(event.reason, 1_000)],
          ['From', visibleLine(event.address, 80)],
          ['Proven by', visibleLine(event.authentication, 120)],
          ...Object.entries(event.details).map(
            ([name, value]) =>
              [visibleLine(name, 60), visibleLine(String(value ?? ''), 300)] as const,
          ),
          ['Event', event.id],
        ]}
      />
      <div className={classes.foot}>
        {isExchange && (
          <Link to="/exchanges/$id" params={{ id: target }} onClick={onClose}>
            Open the exchange
          </Link>
        )}
        {target !== '' && (
          <Link to="/audit" search={{ target }} onClick={onClose}>
            Everything done to it
          </Link>
        )}
        {event.person !== '' && (
          <Link to="/audit" search={{ person: event.person }} onClick={onClose}>
            Everything they did
          </Link>
        )}
      </div>
    </div>
  )
}
