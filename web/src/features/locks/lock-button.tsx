/** The button beside a subject that locks it; not there for whom the roles permit no lock. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { LockSubject } from '../../api/locks.ts'
import { mayCall, useMe } from '../access/me.ts'
import { LockDialog } from './lock-dialog.tsx'

export function LockButton({ kind, value }: LockSubject) {
  const [isShown, dialog] = useDisclosure(false)
  if (!mayCall(useMe(), 'locks.set') || value === '') return null
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        color="red"
        aria-label={`Lock the ${kind} ${visibleLine(value, 60)}`}
        onClick={dialog.open}
      >
        Lock
      </Button>
      <LockDialog subject={{ kind, value }} isShown={isShown} onClose={dialog.close} />
    </>
  )
}
