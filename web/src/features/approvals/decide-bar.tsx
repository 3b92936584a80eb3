/** The buttons of a card: what each lets through, a reason where one is wanted, and what the server refused. */
import { Button, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { decide } from '../../api/approvals.ts'
import type { Approval, Ballot } from '../../api/approvals.ts'
import { FormProblem } from '../../ui/form-problem.tsx'
import { spanOf } from './countdown.tsx'
import classes from './approval-card.module.css'

type Choice = Ballot['choice']

const DONE: Readonly<Record<Choice, string>> = {
  once: 'Approved once.',
  masked: 'Approved with masking.',
  conversation: 'Approved for this conversation.',
  deny: 'Denied. Nothing was sent.',
}

export function DecideBar({ approval }: { readonly approval: Approval }) {
  const { standing, reasonRequired, highAssurance, choices, grantMs } = approval
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const act = useMutation({
    mutationFn: (ballot: Ballot) => decide(approval.id, ballot),
    onSuccess: (after, { choice }) =>
      notifications.show({
        message: after.state === 'pending' ? 'Counted; others are needed.' : DONE[choice],
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ['approvals'] }),
  })
  if (standing.isRequester)
    return <p className={classes.quiet}>This is your own request: somebody else decides.</p>
  if (!standing.mayDecide && !standing.mayBreakGlass)
    return <p className={classes.quiet}>None of its rules asks for your approval.</p>
  const breakGlass = !standing.mayDecide
  const lacksReason = (reasonRequired || breakGlass) && reason.trim() === ''
  const button = (choice: Choice, label: string, look: object) =>
    choices.includes(choice) && (
      <Button
        loading={act.isPending && act.variables.choice === choice}
        disabled={act.isPending || lacksReason}
        onClick={() => act.mutate({ choice, reason, breakGlass })}
        {...look}
      >
        {label}
      </Button>
    )
  return (
    <div className={classes.decide}>
      <TextInput
        aria-label="Reason"
        placeholder={reasonRequired || breakGlass ? 'Reason (required)' : 'Reason'}
        value={reason}
        maxLength={1000}
        onChange={(event) => setReason(event.target.value)}
      />
      {highAssurance && (
        <p className={classes.quiet}>High assurance: it is taken only shortly after a login.</p>
      )}
      {breakGlass && (
        <p className={classes.quiet}>
          You are not asked. Deciding breaks the glass, and somebody else reviews it.
        </p>
      )}
      <div className={classes.buttons}>
        {button('once', 'Approve once', {})}
        {button('masked', 'Approve masked', { variant: 'default' })}
        {button('conversation', `Approve ${spanOf(grantMs)} for this conversation`, {
          variant: 'default',
        })}
        {button('deny', 'Deny', { color: 'red' })}
      </div>
      <FormProblem error={act.error} />
    </div>
  )
}
