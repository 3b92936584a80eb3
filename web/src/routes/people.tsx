/** People and roles: who may come in and do what; the login sessions that are open. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { IconUserPlus } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { meQuery } from '../api/access.ts'
import { loginSessionsQuery, peopleQuery } from '../api/people.ts'
import type { Person } from '../api/people.ts'
import { mayCall, useMe } from '../features/access/me.ts'
import { useShortcuts } from '../features/keyboard/shortcuts.tsx'
import { AddPerson } from '../features/people/add-person.tsx'
import { EditPerson } from '../features/people/edit-person.tsx'
import { HoldingsDialog } from '../features/people/holdings-dialog.tsx'
import { LoginLinkDialog } from '../features/people/login-link-dialog.tsx'
import { LoginSessions } from '../features/people/login-sessions.tsx'
import { PeopleTable } from '../features/people/people-table.tsx'
import { Provisioning } from '../features/people/provisioning.tsx'
import { RoleLegend } from '../features/people/role-list.tsx'
import { formatCount } from '../ui/format.ts'
import { Notice, ProblemNotice, Skeleton } from '../ui/notice.tsx'
import { Page } from '../ui/page.tsx'
import { Panel } from '../ui/panel.tsx'

export function People() {
  const me = useMe()
  if (me.may['people.list'] !== 'all')
    return (
      <Page title="People and roles">
        <Notice kind="denied" title="Your roles do not list people">
          <p>
            You are here as {me.roles.join(', ')}. An admin or an auditor sees who has access; your
            own roles and sessions are under Me.
          </p>
        </Notice>
      </Page>
    )
  return <PeopleList />
}

function PeopleList() {
  const me = useMe()
  const client = useQueryClient()
  const people = useQuery(peopleQuery)
  const [isAdding, adding] = useDisclosure(false)
  const [edited, setEdited] = useState<Person | null>(null)
  const [holder, setHolder] = useState<Person | null>(null)
  const [linked, setLinked] = useState<Person | null>(null)
  const mayCreate = mayCall(me, 'people.create')
  const refresh = async (): Promise<void> => {
    await Promise.all([
      client.invalidateQueries({ queryKey: peopleQuery.queryKey }),
      client.invalidateQueries({ queryKey: loginSessionsQuery.queryKey }),
      client.invalidateQueries({ queryKey: meQuery.queryKey }),
    ])
  }
  useShortcuts(
    mayCreate ? [{ keys: 'n', says: 'Add a person', group: 'People', run: adding.open }] : [],
  )
  const items = people.data?.items ?? []
  return (
    <Page
      title="People and roles"
      note={people.data === undefined ? '' : `${formatCount(items.length)} people`}
      aside={
        mayCreate && (
          <Button leftSection={<IconUserPlus size={16} />} size="compact-md" onClick={adding.open}>
            Add a person
          </Button>
        )
      }
    >
      <Panel title="People">
        {people.isPending && <Skeleton label="Loading people" />}
        {people.isError && (
          <ProblemNotice error={people.error} retry={() => void people.refetch()} />
        )}
        {people.data !== undefined && (
          <PeopleTable
            people={items}
            self={me.person.id}
            mayChange={mayCall(me, 'people.update')}
            onEdit={setEdited}
            onLink={setLinked}
            onHoldings={mayCall(me, 'people.holdings') ? setHolder : null}
          />
        )}
      </Panel>
      {me.may['login-sessions.list'] === 'all' && <LoginSessions person={null} />}
      {mayCall(me, 'scim-clients.list') && <Provisioning />}
      <RoleLegend />
      <AddPerson
        isShown={isAdding}
        onClose={adding.close}
        onAdded={async (person) => {
          await refresh()
          adding.close()
          setLinked(person)
        }}
      />
      <EditPerson
        person={edited}
        self={me.person.id}
        onClose={() => setEdited(null)}
        onChanged={async () => {
          await refresh()
          setEdited(null)
          notifications.show({ message: 'Changed.' })
        }}
      />
      <HoldingsDialog person={holder} onClose={() => setHolder(null)} />
      <LoginLinkDialog person={linked} onClose={() => setLinked(null)} />
    </Page>
  )
}
