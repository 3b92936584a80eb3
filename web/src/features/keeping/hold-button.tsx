/** Holds a conversation, or everything that somebody sends, from where it is shown. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { mayCall, useMe } from '../access/me.ts'
import { HoldDialog } from './hold-dialog.tsx'
import type { HoldWish } from './hold-dialog.tsx'

/** One of the two; nothing is shown for a conversation without an id. */
interface HoldButtonProps {
  readonly conversation?: string | null
  readonly principal?: string
}

export function HoldButton({ conversation = null, principal = '' }: HoldButtonProps) {
  const me = useMe()
  const [isShown, dialog] = useDisclosure(false)
  const wish: HoldWish =
    conversation === null
      ? { kind: 'principal', target: principal }
      : { kind: 'conversation', target: conversation }
  if (wish.target === '' || !mayCall(me, 'holds.set')) return null
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={dialog.open}>
        Hold
      </Button>
      <HoldDialog isShown={isShown} onClose={dialog.close} wish={wish} />
    </>
  )
}
