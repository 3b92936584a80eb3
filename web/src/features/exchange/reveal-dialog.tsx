/** Asks for the reason and the time of a reveal before anything is opened. */
import { Button, Modal } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { isApiProblem } from '../../api/client.ts'
import { openReveal } from '../../api/content.ts'
import type { Revealed } from '../../api/content.ts'
import { Choice } from '../../ui/choice.tsx'
import { ReasonField, missingInReason } from '../../ui/reason-field.tsx'
import classes from './reveal-dialog.module.css'

interface RevealDialogProps {
  readonly of: Revealed
  readonly isShown: boolean
  readonly onClose: () => void
  readonly onOpened: () => Promise<void>
}

export function RevealDialog({ of, isShown, onClose, onOpened }: RevealDialogProps) {
  return (
    <Modal opened={isShown} onClose={onClose} title="Reveal content">
      <RevealForm of={of} onOpened={onOpened} />
    </Modal>
  )
}

type Minutes = '5' | '15' | '60'

function RevealForm({
  of,
  onOpened,
}: {
  readonly of: Revealed
  readonly onOpened: () => Promise<void>
}) {
  const [reason, setReason] = useState('')
  const [minutes, setMinutes] = useState<Minutes>('15')
  const open = useMutation({
    mutationFn: () => openReveal(of, reason.trim(), Number(minutes)),
    onSuccess: onOpened,
  })
  const missing = missingInReason(reason)
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (missing <= 0) open.mutate()
      }}
    >
      <p className={classes.note}>
        {typeof of === 'string'
          ? 'The prompt and the answer of this exchange'
          : 'The prompts and the answers of this conversation'}{' '}
        are shown to you as they were. Who revealed what, when and why becomes evidence before
        anything is shown.
      </p>
      <ReasonField
        reason={reason}
        onChange={setReason}
        description="For whoever checks on this later"
        placeholder="Case, ticket or what you look for"
        isFirst
        error={isApiProblem(open.error) ? open.error.problem.detail : null}
      />
      <div className={classes.row}>
        <Choice
          label="For how long"
          value={minutes}
          options={[
            ['5', '5 min'],
            ['15', '15 min'],
            ['60', '60 min'],
          ]}
          onChange={setMinutes}
        />
        <Button type="submit" disabled={missing > 0} loading={open.isPending}>
          Reveal
        </Button>
      </div>
    </form>
  )
}
