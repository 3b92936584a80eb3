/** The button of something that holds several subjects: opens their list, then the lock of the chosen one. */
import { Button, Menu } from '@mantine/core'
import { IconLock } from '@tabler/icons-react'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import type { LockSubject } from '../../api/locks.ts'
import { mayCall, useMe } from '../access/me.ts'
import { LockDialog } from './lock-dialog.tsx'
import { distinctSubjects } from './subjects.ts'

interface LockMenuProps {
  /** What they belong to, for whom cannot see it: `this exchange`. */
  readonly of: string
  readonly subjects: readonly LockSubject[]
  readonly isSmall?: boolean
}

export function LockMenu({ of, subjects, isSmall = false }: LockMenuProps) {
  const [chosen, choose] = useState<LockSubject | null>(null)
  const shown = distinctSubjects(subjects)
  if (!mayCall(useMe(), 'locks.set') || shown.length === 0) return null
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button
            size={isSmall ? 'compact-xs' : 'compact-md'}
            variant={isSmall ? 'subtle' : 'light'}
            color="red"
            leftSection={isSmall ? undefined : <IconLock size={15} stroke={1.8} />}
            aria-label={`Lock a subject of ${of}`}
          >
            Lock
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {shown.map((subject) => (
            <Menu.Item
              key={`${subject.kind} ${subject.value}`}
              onClick={() => choose(subject)}
              rightSection={<small>{visibleLine(subject.value, 34)}</small>}
            >
              The {subject.kind}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <LockDialog subject={chosen} isShown={chosen !== null} onClose={() => choose(null)} />
    </>
  )
}
