/** Asks before something is done, and says what failed when it did; red where it cannot be taken back. */
import { Button, Modal } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { FormProblem } from './form-problem.tsx'
import classes from './form.module.css'

interface ConfirmDialogProps {
  readonly title: string
  /** The verb of the deed, as its button says it. */
  readonly verb: string
  readonly isShown: boolean
  readonly onClose: () => void
  readonly onConfirm: () => Promise<unknown>
  readonly color?: 'red' | 'blue'
  readonly explain?: Readonly<Record<string, string>>
  readonly children: ReactNode
}

export function ConfirmDialog({ isShown, onClose, title, ...rest }: ConfirmDialogProps) {
  return (
    <Modal opened={isShown} onClose={onClose} title={title}>
      <Question onClose={onClose} {...rest} />
    </Modal>
  )
}

function Question({
  verb,
  onClose,
  onConfirm,
  color = 'red',
  explain = {},
  children,
}: Omit<ConfirmDialogProps, 'title' | 'isShown'>) {
  const act = useMutation({ mutationFn: onConfirm, onSuccess: onClose })
  return (
    <div className={classes.form}>
      {children}
      <FormProblem error={act.error} explain={explain} />
      <div className={classes.row}>
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button color={color} loading={act.isPending} onClick={() => act.mutate()}>
          {verb}
        </Button>
      </div>
    </div>
  )
}
