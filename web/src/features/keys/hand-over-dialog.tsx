/** Gives a key to somebody else, who answers for what it sends from then on. */
import { Button, Modal, NativeSelect } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { giveKey, keysQuery } from '../../api/keys.ts'
import type { GatewayKey } from '../../api/keys.ts'
import { peopleQuery } from '../../api/people.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import { ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import classes from '../../ui/form.module.css'

interface HandOverDialogProps {
  /** Null hides it. */
  readonly gatewayKey: GatewayKey | null
  readonly onClose: () => void
}

export function HandOverDialog({ gatewayKey, onClose }: HandOverDialogProps) {
  return (
    <Modal opened={gatewayKey !== null} onClose={onClose} title="Hand over this key">
      {gatewayKey !== null && <HandOverForm gatewayKey={gatewayKey} onClose={onClose} />}
    </Modal>
  )
}

function HandOverForm({
  gatewayKey,
  onClose,
}: {
  readonly gatewayKey: GatewayKey
  readonly onClose: () => void
}) {
  const client = useQueryClient()
  const people = useQuery(peopleQuery)
  const [owner, setOwner] = useState('')
  const give = useMutation({
    mutationFn: () => giveKey(gatewayKey.id, owner),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keysQuery.queryKey })
      notifications.show({ message: 'The key has a new owner.' })
      onClose()
    },
  })
  if (people.isPending) return <Skeleton rows={2} label="Loading people" />
  if (people.isError)
    return <ProblemNotice error={people.error} retry={() => void people.refetch()} />
  const logins = people.data.items
    .filter(({ disabled, login }) => !disabled && login !== gatewayKey.owner)
    .map(({ login }) => login)
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        give.mutate()
      }}
    >
      <p>
        <strong>{visibleLine(gatewayKey.name, 120)}</strong> belongs to{' '}
        {visibleLine(gatewayKey.owner, 120)}. From its next request on, the new owner answers for
        it; a lock on the old one no longer holds it.
      </p>
      <NativeSelect
        label="New owner"
        required
        data-autofocus
        data={['', ...logins]}
        value={owner}
        onChange={(event) => setOwner(event.target.value)}
      />
      <FormProblem error={give.error} />
      <Button type="submit" disabled={owner === ''} loading={give.isPending}>
        Hand over
      </Button>
    </form>
  )
}
