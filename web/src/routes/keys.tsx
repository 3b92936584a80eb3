/** Keys: who may send through the gateway with what, since when it was used; make one, end one. */
import { Button, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { IconPlus } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { visibleLine } from '../../../src/lib/visible-text.ts'
import { endKey, giveKey, keysQuery } from '../api/keys.ts'
import type { GatewayKey } from '../api/keys.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { HandOverDialog } from '../features/people/hand-over-dialog.tsx'
import { LastUseDialog } from '../features/keys/last-use-dialog.tsx'
import { KeyDialog } from '../features/keys/key-dialog.tsx'
import { KeyTable } from '../features/keys/key-table.tsx'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { Choice } from '../ui/choice.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { formatCount } from '../ui/format.ts'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'
import classes from '../ui/form.module.css'

export interface KeysSearch {
  readonly q?: string
  readonly show?: 'all'
}

export function readKeysSearch(search: Record<string, unknown>): KeysSearch {
  const { q, show } = search
  return {
    ...(typeof q === 'string' && q !== '' ? { q: q.slice(0, 200) } : {}),
    ...(show === 'all' ? { show } : {}),
  }
}

export function Keys() {
  const me = useMe()
  const search = useSearch({ from: '/shell/keys' })
  const navigate = useNavigate({ from: '/keys' })
  const client = useQueryClient()
  const keys = useQuery(keysQuery)
  const [isMaking, making] = useDisclosure(false)
  const [ending, setEnding] = useState<GatewayKey | null>(null)
  const [giving, setGiving] = useState<GatewayKey | null>(null)
  const [looked, setLooked] = useState<GatewayKey | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const mayCreate = mayCall(me, 'keys.create')
  const show = (next: KeysSearch): void => void navigate({ search: next, replace: true })
  useShortcuts([
    { keys: '/', says: 'Find a key', group: 'Keys', run: () => input.current?.focus() },
    ...(mayCreate
      ? [{ keys: 'n', says: 'Make a key', group: 'Keys', run: () => making.open() }]
      : []),
  ])
  const all = keys.data?.items ?? []
  const found = all
    .filter((key) => search.show === 'all' || key.state === 'active')
    .filter((key) => matches(key, search.q ?? ''))
    .toReversed()
  return (
    <Page
      title="Keys"
      note={
        keys.data === undefined ? '' : `${formatCount(found.length)} of ${formatCount(all.length)}`
      }
      aside={
        mayCreate && (
          <Button leftSection={<IconPlus size={16} />} size="compact-md" onClick={making.open}>
            New key
          </Button>
        )
      }
    >
      <div className={classes.filters}>
        <TextInput
          ref={input}
          aria-label="Find by name, owner, service or id"
          placeholder="Name, owner, service or id"
          size="xs"
          value={search.q ?? ''}
          onChange={(event) => show({ ...search, q: event.target.value })}
        />
        <Choice
          label="Which keys"
          value={search.show ?? 'active'}
          options={[
            ['active', 'Active'],
            ['all', 'All'],
          ]}
          onChange={(value) =>
            show({
              ...(search.q === undefined ? {} : { q: search.q }),
              ...(value === 'all' ? { show: value } : {}),
            })
          }
        />
      </div>
      <Panel
        title="Gateway keys"
        note={
          me.may['keys.list'] === 'own' ? 'those that you own' : 'hashed; none can be shown again'
        }
      >
        {keys.isPending && <Skeleton label="Loading keys" />}
        {keys.isError && <ProblemNotice error={keys.error} retry={() => void keys.refetch()} />}
        {keys.data !== undefined && found.length === 0 && (
          <Notice kind="empty" title={all.length === 0 ? 'No keys yet' : 'No key fits'}>
            <p>
              {mayCreate
                ? 'A key lets a program send through the gateway in the name of its owner.'
                : 'An admin makes keys; yours are listed here.'}
            </p>
          </Notice>
        )}
        {found.length > 0 && (
          <KeyTable
            keys={found}
            mayRevoke={({ owner }) => me.may['keys.revoke'] === 'all' || owner === me.person.login}
            onRevoke={setEnding}
            onHandOver={mayCall(me, 'keys.hand-over') ? setGiving : null}
            onLastUse={setLooked}
          />
        )}
      </Panel>
      <HandOverDialog
        kind="key"
        owned={giving}
        give={async (owner) => {
          await giveKey(giving?.id ?? '', owner)
          await client.invalidateQueries({ queryKey: keysQuery.queryKey })
        }}
        onClose={() => setGiving(null)}
      />
      <LastUseDialog gatewayKey={looked} onClose={() => setLooked(null)} />
      <KeyDialog isShown={isMaking} onClose={making.close} />
      <ConfirmDialog
        title="Revoke this key?"
        verb="Revoke"
        isShown={ending !== null}
        onClose={() => setEnding(null)}
        onConfirm={async () => {
          await endKey(ending?.id ?? '')
          await client.invalidateQueries({ queryKey: keysQuery.queryKey })
          notifications.show({ message: 'The key is revoked.' })
        }}
      >
        <p>
          <strong>{visibleLine(ending?.name ?? '', 120)}</strong> of{' '}
          {visibleLine(ending?.owner ?? '', 120)} stops working with its next request. This cannot
          be taken back; what it sent stays recorded.
        </p>
      </ConfirmDialog>
    </Page>
  )
}

function matches(key: GatewayKey, text: string): boolean {
  const wanted = text.trim().toLowerCase()
  return [key.name, key.owner, key.service, key.id, key.hint].some((value) =>
    value.toLowerCase().includes(wanted),
  )
}
