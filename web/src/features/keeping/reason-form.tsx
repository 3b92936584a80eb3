/** A form that ends in a reason, which is recorded, and a deed. */
import { Button, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { FormProblem } from '../../ui/form-problem.tsx'
import classes from '../../ui/form.module.css'

/** As the API demands it. */
const REASON_MIN = 10

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
  const missing = REASON_MIN - reason.trim().length
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (missing <= 0 && isReady) deed.mutate()
      }}
    >
      {children}
      <Textarea
        label="Reason"
        description={
          missing > 0 ? `${missing} more characters` : 'Recorded, for whoever checks later'
        }
        placeholder="Case, ticket or request"
        autosize
        minRows={2}
        maxLength={1000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
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
