/** Who one is, with which roles, and the way out. */
import { Menu, UnstyledButton } from '@mantine/core'
import { IconLogout, IconUserCircle } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Me } from '../../../../src/api/contract/access.ts'
import { logOut } from '../../api/access.ts'
import { enter } from '../../query-client.ts'
import classes from './shell.module.css'

export function AccountMenu({ me }: { readonly me: Me }) {
  const client = useQueryClient()
  const leave = useMutation({
    mutationFn: logOut,
    onSettled: () => enter(client, null),
    // Out at the identity provider too, or the next person at this machine is one click from being you.
    onSuccess: ({ continueUrl }) => {
      if (continueUrl !== null) location.assign(continueUrl)
    },
  })
  const name = me.person.name === '' ? me.person.login : me.person.name
  return (
    <Menu position="top-start" withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.account}>
          <IconUserCircle size={20} stroke={1.5} aria-hidden="true" />
          <span className={classes.accountText}>
            <span>{name}</span> <small>{me.roles.join(', ')}</small>
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.person.login}
          <br />
          {me.roles.join(', ')}
        </Menu.Label>
        <Menu.Item
          leftSection={<IconLogout size={16} stroke={1.6} />}
          onClick={() => leave.mutate()}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
