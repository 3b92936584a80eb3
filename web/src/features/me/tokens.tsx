/** One's own API tokens: made for scripts, shown once, ended at any time. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { endToken, makeToken, tokensQuery } from '../../api/people.ts'
import type { ApiToken, CreatedApiToken, Role } from '../../api/people.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { FormProblem, fieldProblem } from '../../ui/form-problem.tsx'
import { MadeOnceDialog } from '../../ui/made-once-dialog.tsx'
import { Notice, ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { RoleChoice } from '../people/role-choice.tsx'
import { useMe } from '../access/me.ts'
import { TokenTable } from './token-table.tsx'
import form from '../../ui/form.module.css'

export function Tokens() {
  const client = useQueryClient()
  const tokens = useQuery(tokensQuery)
  const [isMaking, making] = useDisclosure(false)
  const [ending, setEnding] = useState<ApiToken | null>(null)
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: tokensQuery.queryKey })
  const items = tokens.data?.items ?? []
  return (
    <Panel
      title="API tokens"
      note="for scripts and the command line"
      aside={
        <Button size="compact-sm" variant="default" onClick={making.open}>
          New token
        </Button>
      }
    >
      {tokens.isPending && <Skeleton rows={3} label="Loading tokens" />}
      {tokens.isError && <ProblemNotice error={tokens.error} retry={() => void tokens.refetch()} />}
      {tokens.data !== undefined && items.length === 0 && (
        <Notice kind="empty" title="No tokens">
          <p>A token calls the API in your name, with your roles or fewer.</p>
        </Notice>
      )}
      {items.length > 0 && <TokenTable tokens={items} onRevoke={setEnding} />}
      <TokenDialog isShown={isMaking} onClose={making.close} onMade={refresh} />
      <ConfirmDialog
        title="Revoke this token?"
        verb="Revoke"
        isShown={ending !== null}
        onClose={() => setEnding(null)}
        onConfirm={async () => {
          await endToken(ending?.id ?? '')
          await refresh()
        }}
      >
        <p>
          What uses <strong>{visibleLine(ending?.name ?? '', 120)}</strong> is refused from its next
          call on. This cannot be taken back.
        </p>
      </ConfirmDialog>
    </Panel>
  )
}

interface TokenDialogProps {
  readonly isShown: boolean
  readonly onClose: () => void
  readonly onMade: () => Promise<void>
}

function TokenDialog({ isShown, onClose, onMade }: TokenDialogProps) {
  const [made, setMade] = useState<CreatedApiToken | null>(null)
  const close = (): void => {
    setMade(null)
    onClose()
  }
  return (
    <MadeOnceDialog
      isShown={isShown}
      onClose={close}
      titles={['New API token', 'The new token']}
      label="API token"
      made={made}
      form={
        <TokenForm
          onMade={async (token) => {
            await onMade()
            setMade(token)
          }}
        />
      }
    >
      <p>
        Copy it now: only its hash is kept. Send it as{' '}
        <code className={form.mono}>Authorization: Bearer …</code>
      </p>
    </MadeOnceDialog>
  )
}

const DAY_MS = 86_400_000
const EXPIRIES = [
  { value: '1', label: '1 day' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'One year' },
]

function TokenForm({ onMade }: { readonly onMade: (made: CreatedApiToken) => Promise<void> }) {
  const { roles: own } = useMe()
  const [name, setName] = useState('')
  const [days, setDays] = useState('30')
  const [roles, setRoles] = useState<readonly Role[]>(own)
  const make = useMutation({
    mutationFn: () =>
      makeToken({ name: name.trim(), roles: [...roles], expiresInMs: Number(days) * DAY_MS }),
    onSuccess: onMade,
  })
  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
    >
      <TextInput
        label="Name"
        description="What will use it"
        required
        maxLength={200}
        value={name}
        data-autofocus
        onChange={(event) => setName(event.target.value)}
        error={fieldProblem(make.error, 'name')}
      />
      <RoleChoice
        label="Roles it has, at most yours"
        roles={roles}
        offered={own}
        onChange={setRoles}
      />
      <NativeSelect
        label="Expires after"
        data={EXPIRIES}
        value={days}
        onChange={(event) => setDays(event.target.value)}
      />
      <FormProblem error={make.error} />
      <div className={form.row}>
        <Button
          type="submit"
          disabled={name.trim() === '' || roles.length === 0}
          loading={make.isPending}
        >
          Make the token
        </Button>
      </div>
    </form>
  )
}
