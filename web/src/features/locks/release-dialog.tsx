/** Releases a lock, with the reason that evidence keeps. */
import { Button, Modal, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { endLock } from '../../api/locks.ts'
import type { Lock } from '../../api/locks.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import classes from '../../ui/form.module.css'

interface ReleaseDialogProps {
  readonly lock: Lock | null
  readonly onClose: () => void
}

export function ReleaseDialog({ lock, onClose }: ReleaseDialogProps) {
  return (
    <Modal opened={lock !== null} onClose={onClose} title="Release this lock?">
      {lock !== null && <ReleaseForm lock={lock} onDone={onClose} />}
    </Modal>
  )
}

function ReleaseForm({ lock, onDone }: { readonly lock: Lock; readonly onDone: () => void }) {
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const release = useMutation({
    mutationFn: () => endLock(lock.id, reason.trim()),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['locks'] })
      notifications.show({ message: 'The lock is released.' })
      onDone()
    },
  })
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        release.mutate()
      }}
    >
      <p>
        The {lock.kind} <strong>{visibleLine(lock.value, 120)}</strong> may send again at once.
      </p>
      <TextInput
        label="Reason"
        description="Kept as evidence"
        required
        maxLength={500}
        value={reason}
        data-autofocus
        onChange={(event) => setReason(event.target.value)}
      />
      <FormProblem error={release.error} />
      <div className={classes.row}>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
        <Button type="submit" disabled={reason.trim() === ''} loading={release.isPending}>
          Release
        </Button>
      </div>
    </form>
  )
}
