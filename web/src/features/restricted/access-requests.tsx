/** Requests of others to read restricted content: who, what, why, for how long; granted or refused with a reason. */
import { Button, Modal } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { accessesQuery, answerAccess } from '../../api/accesses.ts'
import type { Access } from '../../api/accesses.ts'
import { formatCount } from '../../ui/format.ts'
import { Moment } from '../../ui/moment.tsx'
import { Panel } from '../../ui/panel.tsx'
import { RecordedText } from '../../ui/recorded-text.tsx'
import { mayCall, useMe } from '../access/me.ts'
import { ReasonForm } from '../keeping/reason-form.tsx'
import classes from './access-requests.module.css'

interface Answering {
  readonly access: Access
  readonly verdict: 'grant' | 'refuse'
}

/** Nothing where nobody asks. */
export function AccessRequests() {
  const me = useMe()
  const client = useQueryClient()
  const mayList = mayCall(me, 'accesses.list')
  const pending = useQuery({ ...accessesQuery('pending'), enabled: mayList })
  const [answering, setAnswering] = useState<Answering | null>(null)
  const items = pending.data?.items ?? []
  if (items.length === 0) return null
  return (
    <Panel title="Restricted content" note="who asks to read what one person alone does not open">
      <ul className={classes.requests} aria-label="Requests to read restricted content">
        {items.map((access) => (
          <li key={access.id}>
            <div className={classes.who}>
              <strong>{visibleLine(access.personName, 80)}</strong> asks for {access.minutes} min
              with{' '}
              {access.exchanges.slice(0, 3).map((id) => (
                <Link key={id} to="/exchanges/$id" params={{ id }}>
                  <code>{id}</code>{' '}
                </Link>
              ))}
              {access.exchanges.length > 3 &&
                `and ${formatCount(access.exchanges.length - 3)} more `}
              <Moment ms={access.createdAtMs} />
              <RecordedText text={access.reason} />
            </div>
            {access.mayDecide && mayCall(me, 'accesses.decide') && (
              <div className={classes.buttons}>
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => setAnswering({ access, verdict: 'refuse' })}
                >
                  Refuse
                </Button>
                <Button
                  size="compact-sm"
                  onClick={() => setAnswering({ access, verdict: 'grant' })}
                >
                  Let in
                </Button>
              </div>
            )}
          </li>
        ))}
      </ul>
      <Modal
        opened={answering !== null}
        onClose={() => setAnswering(null)}
        title={answering?.verdict === 'grant' ? 'Let them read it' : 'Refuse it'}
      >
        {answering !== null && (
          <ReasonForm
            verb={answering.verdict === 'grant' ? 'Let in' : 'Refuse'}
            act={(reason) => answerAccess(answering.access.id, answering.verdict, reason)}
            onDone={() => {
              void client.invalidateQueries({ queryKey: ['accesses'] })
              setAnswering(null)
            }}
          >
            <p>
              {visibleLine(answering.access.personName, 80)}: {answering.access.minutes} minutes
              with {formatCount(answering.access.exchanges.length)} exchanges. It is recorded before
              anything opens.
            </p>
          </ReasonForm>
        )}
      </Modal>
    </Panel>
  )
}
