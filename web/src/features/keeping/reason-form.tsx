/** A form that ends in a reason, which is recorded, and a deed. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { FormProblem } from '../../ui/form-problem.tsx'
import { ReasonField, missingInReason } from '../../ui/reason-field.tsx'
import classes from '../../ui/form.module.css'

interface ReasonFormProps {
  readonly verb: string
  readonly isDangerous?: boolean
  readonly isReady?: boolean
  readonly act: (reason: string) => Promise<unknown>
  readonly onDone: () => void
  readonly children: ReactNode
}

export function ReasonForm({
  verb,
  isDangerous = false,
  isReady = true,
  act,
  onDone,
  children,
}: ReasonFormProps) {
  const [reason, setReason] = useState('')
  const deed = useMutation({ mutationFn: () => act(reason.trim()), onSuccess: onDone })
  const missing = missingInReason(reason)
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (missing <= 0 && isReady) deed.mutate()
      }}
    >
      {children}
      <ReasonField
        reason={reason}
        onChange={setReason}
        description="Recorded, for whoever checks later"
        placeholder="Case, ticket or request"
      />
      <FormProblem error={deed.error} />
      <div className={classes.row}>
        <Button
          type="submit"
          disabled={missing > 0 || !isReady}
          loading={deed.isPending}
          {...(isDangerous ? { color: 'red' } : {})}
        >
          {verb}
        </Button>
      </div>
    </form>
  )
}
