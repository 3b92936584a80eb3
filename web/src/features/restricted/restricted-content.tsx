/** In the place of content that one person alone does not open: why, and how another person is asked. */
import { Modal, NumberInput, Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { accessesQuery, askToRead } from '../../api/accesses.ts'
import { Moment } from '../../ui/moment.tsx'
import { Notice } from '../../ui/notice.tsx'
import { mayCall, useMe } from '../access/me.ts'
import { ReasonForm } from '../keeping/reason-form.tsx'

interface RestrictedContentProps {
  readonly exchanges: readonly string[]
  readonly by: readonly string[]
}

export function RestrictedContent({ exchanges, by }: RestrictedContentProps) {
  const me = useMe()
  const client = useQueryClient()
  const [isAsking, dialog] = useDisclosure(false)
  const asked = useQuery({ ...accessesQuery('all'), enabled: mayCall(me, 'accesses.list') })
  const own = asked.data?.items.find(
    ({ person, exchanges: wanted, state }) =>
      person === me.person.id &&
      (state === 'pending' || state === 'active') &&
      exchanges.every((id) => wanted.includes(id)),
  )
  const isGranted = own?.state === 'active'
  useEffect(() => {
    if (isGranted) void client.invalidateQueries({ queryKey: ['exchange'] })
  }, [isGranted, client])
  return (
    <Notice kind="denied" title="This content takes a second person">
      <p>It is restricted by {by.map((one) => visibleLine(one, 80)).join(', ')}.</p>
      {own?.state === 'pending' && (
        <p>
          You asked <Moment ms={own.createdAtMs} />: an approver or another investigator decides
          under Approvals; about what a sealed case pins, its members do.
        </p>
      )}
      {own === undefined && mayCall(me, 'accesses.ask') && (
        <Button size="xs" onClick={dialog.open}>
          Ask to read it
        </Button>
      )}
      <Modal opened={isAsking} onClose={dialog.close} title="Ask to read restricted content">
        <AskForm
          exchanges={exchanges}
          onDone={() => {
            void client.invalidateQueries({ queryKey: ['accesses'] })
            dialog.close()
          }}
        />
      </Modal>
    </Notice>
  )
}

interface AskFormProps {
  readonly exchanges: readonly string[]
  readonly onDone: () => void
}

function AskForm({ exchanges, onDone }: AskFormProps) {
  const [minutes, setMinutes] = useState(60)
  return (
    <ReasonForm
      verb="Ask"
      isReady={minutes >= 1 && minutes <= 480}
      act={(reason) => askToRead([...exchanges], reason, minutes)}
      onDone={onDone}
    >
      <p>Somebody else decides. The request, the answer and each reading are evidence.</p>
      <NumberInput
        label="Minutes"
        description="From the moment it is granted, at most 480"
        min={1}
        max={480}
        value={minutes}
        onChange={(value) => setMinutes(Number(value))}
      />
    </ReasonForm>
  )
}
