/** Sets a lock: on what, why, until when; says what it will hit before it is set. */
import { Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { lockPreviewQuery, setLock } from '../../api/locks.ts'
import type { LockSubject, NewLock } from '../../api/locks.ts'
import { FormProblem, fieldProblem } from '../../ui/form-problem.tsx'
import { LockImpact } from './lock-impact.tsx'
import classes from '../../ui/form.module.css'

interface LockDialogProps {
  /** Null: chosen in the dialog. */
  readonly subject: LockSubject | null
  readonly isShown: boolean
  readonly onClose: () => void
}

export function LockDialog({ subject, isShown, onClose }: LockDialogProps) {
  return (
    <Modal opened={isShown} onClose={onClose} title="Lock" size="lg">
      <LockForm subject={subject} onDone={onClose} />
    </Modal>
  )
}

const KINDS: readonly { readonly value: NewLock['kind']; readonly label: string }[] = [
  { value: 'person', label: 'Person: login' },
  { value: 'principal', label: 'Principal: id' },
  { value: 'key', label: 'Key: id' },
  { value: 'service', label: 'Service: name' },
  { value: 'upstream', label: 'Upstream: name' },
  { value: 'model', label: 'Model: name, * stands for anything' },
  { value: 'conversation', label: 'Conversation: id' },
  { value: 'finding', label: 'Finding: fingerprint' },
]
const HOUR_MS = 3_600_000
const EXPIRIES = [
  { value: '1', label: 'One hour' },
  { value: '24', label: 'One day' },
  { value: '168', label: 'Seven days' },
  { value: 'never', label: 'Until it is released' },
] as const

function kindOf(text: string): NewLock['kind'] {
  return KINDS.find(({ value }) => value === text)?.value ?? 'person'
}

function LockForm({
  subject,
  onDone,
}: {
  readonly subject: LockSubject | null
  readonly onDone: () => void
}) {
  const client = useQueryClient()
  const [fields, setFields] = useState({
    kind: subject?.kind ?? 'person',
    value: subject?.value ?? '',
    reason: '',
    hours: 'never',
  })
  const set = (change: Partial<typeof fields>): void => setFields({ ...fields, ...change })
  const { kind, value, reason, hours } = fields
  const preview = useQuery(lockPreviewQuery({ kind, value: value.trim() }))
  const lock = useMutation({
    mutationFn: () =>
      setLock({
        kind,
        value: value.trim(),
        reason: reason.trim(),
        expiresInMs: hours === 'never' ? 'never' : Number(hours) * HOUR_MS,
      }),
    onSuccess: async ({ cut }) => {
      await client.invalidateQueries({ queryKey: ['locks'] })
      notifications.show({
        message: cut === 0 ? 'Locked.' : `Locked; ${cut} in flight cut here at once.`,
      })
      onDone()
    },
  })
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        lock.mutate()
      }}
    >
      {subject === null ? (
        <>
          <NativeSelect
            label="On"
            data={KINDS.map((one) => ({ ...one }))}
            value={kind}
            onChange={(event) => set({ kind: kindOf(event.target.value) })}
          />
          <TextInput
            label="Which"
            required
            maxLength={400}
            value={value}
            data-autofocus
            onChange={(event) => set({ value: event.target.value })}
            error={fieldProblem(lock.error, 'value')}
          />
        </>
      ) : (
        <p>
          New exchanges of the {kind} <strong>{visibleLine(value, 120)}</strong> are refused, and
          those in flight are cut on every gateway within a second.
        </p>
      )}
      <LockImpact preview={preview.data ?? null} />
      <TextInput
        label="Reason"
        description="Kept as evidence; the caller does not see it"
        required
        maxLength={500}
        value={reason}
        data-autofocus={subject === null ? undefined : true}
        onChange={(event) => set({ reason: event.target.value })}
        error={fieldProblem(lock.error, 'reason')}
      />
      <NativeSelect
        label="Holds for"
        data={EXPIRIES.map((one) => ({ ...one }))}
        value={hours}
        onChange={(event) => set({ hours: event.target.value })}
      />
      <FormProblem error={lock.error} />
      <div className={classes.row}>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
        <Button
          type="submit"
          color="red"
          disabled={value.trim() === '' || reason.trim() === ''}
          loading={lock.isPending}
        >
          Lock
        </Button>
      </div>
    </form>
  )
}
