/** A dialog that makes a secret, then shows it this once. */
import { Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import { ShownOnce } from './shown-once.tsx'

interface MadeOnceDialogProps {
  readonly isShown: boolean
  readonly onClose: () => void
  /** Before and after it was made. */
  readonly titles: readonly [string, string]
  /** What the secret is called. */
  readonly label: string
  /** Null until it is made. */
  readonly made: { readonly text: string | null } | null
  readonly form: ReactNode
  /** What is told beside the secret. */
  readonly children: ReactNode
}

export function MadeOnceDialog({
  isShown,
  onClose,
  titles,
  label,
  made,
  form,
  children,
}: MadeOnceDialogProps) {
  return (
    <Modal
      opened={isShown}
      onClose={onClose}
      title={titles[made === null ? 0 : 1]}
      // A secret on the screen must not be lost by a click beside it.
      closeOnClickOutside={made === null}
    >
      {made === null ? (
        form
      ) : (
        <ShownOnce label={label} text={made.text} onDone={onClose}>
          {children}
        </ShownOnce>
      )}
    </Modal>
  )
}
