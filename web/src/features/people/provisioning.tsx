/** Provisioning by SCIM: the clients that may push people here, their tokens shown once, and their end. */
import { Button, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { visibleLine } from '../../../../src/lib/visible-text.ts'
import { endScimClient, makeScimClient, scimClientsQuery } from '../../api/provisioning.ts'
import type { CreatedScimClient, ScimClient } from '../../api/provisioning.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import type { TableColumns } from '../../ui/data-table.tsx'
import { FormProblem, fieldProblem } from '../../ui/form-problem.tsx'
import { formatCount } from '../../ui/format.ts'
import { MadeOnceDialog } from '../../ui/made-once-dialog.tsx'
import { Moment } from '../../ui/moment.tsx'
import { Notice, ProblemNotice, Skeleton } from '../../ui/notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { StateBadge } from '../../ui/state-badge.tsx'
import { mayCall, useMe } from '../access/me.ts'
import form from '../../ui/form.module.css'
import classes from './people.module.css'

export function Provisioning() {
  const me = useMe()
  const client = useQueryClient()
  const clients = useQuery(scimClientsQuery)
  const [isMaking, making] = useDisclosure(false)
  const [ending, setEnding] = useState<ScimClient | null>(null)
  const mayChange = mayCall(me, 'scim-clients.create')
  const items = clients.data?.items ?? []
  return (
    <Panel title="Provisioning" note="identity providers that push people by SCIM">
      {clients.isPending && <Skeleton rows={2} label="Loading provisioning clients" />}
      {clients.isError && (
        <ProblemNotice error={clients.error} retry={() => void clients.refetch()} />
      )}
      {clients.data !== undefined && items.length === 0 && (
        <Notice kind="empty" title="Nobody pushes people here">
          <p>
            With SCIM your identity provider adds people, and cuts them off the moment they leave.
          </p>
        </Notice>
      )}
      {items.length > 0 && (
        <div className={classes.table}>
          <DataTable
            label="Provisioning clients"
            rows={items}
            rowKey={({ id }) => id}
            columns={clientColumns(mayChange, setEnding)}
          />
        </div>
      )}
      {mayChange && clients.data !== undefined && (
        <div className={classes.foot}>
          <Button size="compact-sm" variant="default" onClick={making.open}>
            New provisioning client
          </Button>
        </div>
      )}
      <ClientDialog isShown={isMaking} onClose={making.close} />
      <ConfirmDialog
        title="Revoke this client?"
        verb="Revoke"
        isShown={ending !== null}
        onClose={() => setEnding(null)}
        onConfirm={async () => {
          await endScimClient(ending?.id ?? '')
          await client.invalidateQueries({ queryKey: scimClientsQuery.queryKey })
        }}
      >
        <p>
          <strong>{visibleLine(ending?.name ?? '', 80)}</strong> pushes nothing more: people who
          leave there stay active here until somebody disables them.
        </p>
      </ConfirmDialog>
    </Panel>
  )
}

function clientColumns(
  mayChange: boolean,
  onEnd: (client: ScimClient) => void,
): TableColumns<ScimClient> {
  return [
    {
      title: 'Name',
      cell: ({ name, hint }) => (
        <span className={form.two}>
          {visibleLine(name, 80)}
          <small className={form.mono}>{visibleLine(hint, 40)}</small>
        </span>
      ),
    },
    { title: 'State', cell: ({ state }) => <StateBadge state={state} /> },
    { title: 'People', cell: ({ users }) => formatCount(users) },
    {
      title: 'Last push',
      cell: ({ lastUsedAtMs }) => (lastUsedAtMs === null ? 'never' : <Moment ms={lastUsedAtMs} />),
    },
    {
      title: 'Made',
      cell: ({ createdAtMs, createdBy }) => (
        <span className={form.two}>
          <Moment ms={createdAtMs} day />
          <small>by {visibleLine(createdBy, 80)}</small>
        </span>
      ),
    },
    {
      title: 'Controls',
      isEnd: true,
      cell: (one) =>
        mayChange &&
        one.state === 'active' && (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            aria-label={`Revoke the provisioning client ${visibleLine(one.name, 60)}`}
            onClick={() => onEnd(one)}
          >
            Revoke
          </Button>
        ),
    },
  ]
}

function ClientDialog({
  isShown,
  onClose,
}: {
  readonly isShown: boolean
  readonly onClose: () => void
}) {
  const [made, setMade] = useState<CreatedScimClient | null>(null)
  const close = (): void => {
    setMade(null)
    onClose()
  }
  return (
    <MadeOnceDialog
      isShown={isShown}
      onClose={close}
      titles={['New provisioning client', 'The new token']}
      label="SCIM token"
      made={made}
      form={<ClientForm onMade={setMade} />}
    >
      <p>
        Give it to the identity provider with the base URL <code>{made?.url}</code>. Only its hash
        is kept, so it cannot be shown again.
      </p>
    </MadeOnceDialog>
  )
}

function ClientForm({ onMade }: { readonly onMade: (made: CreatedScimClient) => void }) {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const make = useMutation({
    mutationFn: () => makeScimClient(name),
    onSuccess: async (created) => {
      await client.invalidateQueries({ queryKey: scimClientsQuery.queryKey })
      onMade(created)
    },
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
        description="Of the identity provider, such as okta: it is shown as who did what"
        required
        maxLength={63}
        value={name}
        data-autofocus
        onChange={(event) => setName(event.target.value)}
        error={fieldProblem(make.error, 'name')}
      />
      <FormProblem error={make.error} />
      <Button type="submit" loading={make.isPending}>
        Make it
      </Button>
    </form>
  )
}
