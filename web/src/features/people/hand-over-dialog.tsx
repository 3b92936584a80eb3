/** Gives a key or a trust rule to somebody else, who answers for what it lets in from then on. */
import { Button, Modal, NativeSelect } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { peopleQuery } from '../../api/people.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import { ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import classes from '../../ui/form.module.css'

export interface Owned {
  readonly name: string
  readonly owner: string
}

interface HandOverDialogProps {
  readonly kind: 'key' | 'trust rule'
  /** Null hides it. */
  readonly owned: Owned | null
  readonly give: (owner: string) => Promise<unknown>
  readonly onClose: () => void
}

export function HandOverDialog({ kind, owned, give, onClose }: HandOverDialogProps) {
  return (
    <Modal opened={owned !== null} onClose={onClose} title={`Hand over this ${kind}`}>
      {owned !== null && <HandOverForm kind={kind} owned={owned} give={give} onClose={onClose} />}
    </Modal>
  )
}

function HandOverForm({
  kind,
  owned,
  give,
  onClose,
}: HandOverDialogProps & { readonly owned: Owned }) {
  const people = useQuery(peopleQuery)
  const [owner, setOwner] = useState('')
  const giving = useMutation({
    mutationFn: () => give(owner),
    onSuccess: () => {
      notifications.show({ message: `The ${kind} has a new owner.` })
      onClose()
    },
  })
  if (people.isPending) return <Skeleton rows={2} label="Loading people" />
  if (people.isError)
    return <ProblemNotice error={people.error} retry={() => void people.refetch()} />
  const logins = people.data.items
    .filter(({ disabled, login }) => !disabled && login !== owned.owner)
    .map(({ login }) => login)
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        giving.mutate()
      }}
    >
      <p>
        <strong>{visibleLine(owned.name, 120)}</strong> belongs to {visibleLine(owned.owner, 120)}.
        From its next request on, the new owner answers for it; a lock on the old one no longer
        holds it.
      </p>
      <NativeSelect
        label="New owner"
        required
        data-autofocus
        data={['', ...logins]}
        value={owner}
        onChange={(event) => setOwner(event.target.value)}
      />
      <FormProblem error={giving.error} />
      <Button type="submit" disabled={owner === ''} loading={giving.isPending}>
        Hand over
      </Button>
    </form>
  )
}
