/** A break-glass approval: who looked at it afterwards, or the field to do so. */
import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { closeReview } from '../../api/approvals.ts'
import type { Approval } from '../../api/approvals.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import classes from './approval-card.module.css'

interface ReviewBarProps {
  readonly approval: Approval
  readonly mayReview: boolean
}

export function ReviewBar({ approval, mayReview }: ReviewBarProps) {
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const act = useMutation({
    mutationFn: () => closeReview(approval.id, note),
    onSettled: () => client.invalidateQueries({ queryKey: ['approvals'] }),
  })
  const { review } = approval
  if (review !== null)
    return (
      <p className={classes.outcome}>
        Break-glass, reviewed by {visibleLine(review.by, 80)}: {visibleLine(review.note, 300)}
      </p>
    )
  return (
    <div className={classes.decide}>
      <p className={classes.quiet}>Decided by breaking the glass; nobody has reviewed it yet.</p>
      {mayReview && (
        <div className={classes.buttons}>
          <TextInput
            aria-label="What the review found"
            placeholder="What the review found"
            value={note}
            maxLength={1000}
            onChange={(event) => setNote(event.target.value)}
          />
          <Button
            variant="default"
            loading={act.isPending}
            disabled={note.trim() === ''}
            onClick={() => act.mutate()}
          >
            Close the review
          </Button>
        </div>
      )}
      <FormProblem error={act.error} />
    </div>
  )
}
