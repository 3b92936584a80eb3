/** A secret that is shown this once: to be copied, never to be had again. */
import { Button } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './form.module.css'

interface ShownOnceProps {
  readonly label: string
  /** Null when the answer was repeated and the server does not have it any more. */
  readonly text: string | null
  readonly onDone: () => void
  readonly children: ReactNode
}

export function ShownOnce({ label, text, onDone, children }: ShownOnceProps) {
  const { copy, copied, error } = useClipboard({ timeout: 3_000 })
  return (
    <div className={classes.form}>
      {children}
      {text === null ? (
        <p role="alert">It was shown before and is kept nowhere. Make a new one.</p>
      ) : (
        <div className={classes.secret}>
          <code aria-label={label}>{text}</code>
          <Button
            size="compact-md"
            variant="light"
            data-autofocus
            leftSection={copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
            onClick={() => copy(text)}
          >
            {copied ? 'Copied' : 'Copy'}
          </Button>
        </div>
      )}
      {error !== null && <p role="alert">Copying is not allowed here: mark the text instead.</p>}
      <div className={classes.row}>
        <Button variant="default" onClick={onDone}>
          Done
        </Button>
      </div>
    </div>
  )
}
