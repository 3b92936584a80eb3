/** Locks: what is held off, why, by whom; set one, release one. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconLock } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { locksQuery } from '../api/locks.ts'
import type { Lock } from '../api/locks.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { LockDialog } from '../features/locks/lock-dialog.tsx'
import { LockTable } from '../features/locks/lock-table.tsx'
import { ReleaseDialog } from '../features/locks/release-dialog.tsx'
import { Choice } from '../ui/choice.tsx'
import { formatCount } from '../ui/format.ts'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'
import classes from '../ui/form.module.css'

export interface LocksSearch {
  readonly show?: 'all'
}

export function readLocksSearch({ show }: Record<string, unknown>): LocksSearch {
  return show === 'all' ? { show } : {}
}

export function Locks() {
  const me = useMe()
  const search = useSearch({ from: '/shell/locks' })
  const navigate = useNavigate({ from: '/locks' })
  const locks = useQuery(locksQuery(search.show ?? 'held'))
  const [isSetting, setting] = useDisclosure(false)
  const [releasing, setReleasing] = useState<Lock | null>(null)
  const maySet = mayCall(me, 'locks.set')
  useShortcuts(
    maySet ? [{ keys: 'n', says: 'Set a lock', group: 'Locks', run: () => setting.open() }] : [],
  )
  const items = locks.data?.items ?? []
  return (
    <Page
      title="Locks"
      note={locks.data === undefined ? '' : formatCount(items.length)}
      aside={
        maySet && (
          <Button
            color="red"
            leftSection={<IconLock size={16} />}
            size="compact-md"
            onClick={setting.open}
          >
            New lock
          </Button>
        )
      }
    >
      <div className={classes.filters}>
        <Choice
          label="Which locks"
          value={search.show ?? 'held'}
          options={[
            ['held', 'In force'],
            ['all', 'All'],
          ]}
          onChange={(value) =>
            void navigate({ search: value === 'all' ? { show: 'all' } : {}, replace: true })
          }
        />
      </div>
      <Panel title="Locks" note="new exchanges are refused, those in flight are cut">
        {locks.isPending && <Skeleton label="Loading locks" />}
        {locks.isError && <ProblemNotice error={locks.error} retry={() => void locks.refetch()} />}
        {locks.data !== undefined && items.length === 0 && (
          <Notice kind="empty" title={search.show === 'all' ? 'No locks yet' : 'Nothing is locked'}>
            <p>
              A lock stops a person, a key, a service, a model or a value at once, on every gateway.
            </p>
          </Notice>
        )}
        {items.length > 0 && (
          <LockTable
            locks={items}
            mayRelease={mayCall(me, 'locks.release')}
            onRelease={setReleasing}
          />
        )}
      </Panel>
      <LockDialog subject={null} isShown={isSetting} onClose={setting.close} />
      <ReleaseDialog lock={releasing} onClose={() => setReleasing(null)} />
    </Page>
  )
}
