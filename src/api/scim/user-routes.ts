/** Serves `/Users` of SCIM. */
import type { Attributes } from '../../identity/scim/attributes.ts'
import type { readFilter } from '../../identity/scim/filter.ts'
import { userResource } from '../../identity/scim/resources.ts'
import {
  createUser,
  deleteUser,
  folded,
  patchUser,
  readUserById,
  replaceUser,
} from '../../identity/scim/scim-users.ts'
import type { ScimUserRow } from '../../model/scim.ts'
import type { ScimDoor } from './door.ts'
import { resourceRoutes } from './resource-routes.ts'

export function userRoutes(door: ScimDoor): void {
  const { parts, base } = door
  const { scim } = parts.control
  resourceRoutes(door, {
    path: '/Users',
    candidates: (filter) => usersFor(door, filter),
    read: (id) => readUserById(parts, id),
    create: (client, written) => createUser(parts, client, written),
    replace: (client, change) => replaceUser(parts, client, change),
    patch: (client, change) => patchUser(parts, client, change),
    remove: (client, id) => deleteUser(parts, client, id),
    rowOf: ({ row }) => row,
    shown: async (user) => userResource(user, await scim.groups.list(), base()),
    deeds: {
      create: 'scim.user.create',
      change: ({ person }) =>
        person.disabledAtMs === null ? 'scim.user.update' : 'scim.user.deactivate',
      remove: 'scim.user.delete',
    },
  })
}

/** What every sync asks for, one user by name or by its own id, is answered by an index. */
async function usersFor(
  { parts, base }: ScimDoor,
  filter: ReturnType<typeof readFilter> | null,
): Promise<readonly Attributes[]> {
  const { scim, people } = parts.control
  const rows = await candidates(parts, filter?.equal ?? null)
  const groups = await scim.groups.list()
  const byId = new Map((await people.list()).map((person) => [person.id, person]))
  return rows.flatMap((row) => {
    const person = byId.get(row.id)
    return person === undefined ? [] : [userResource({ row, person }, groups, base())]
  })
}

async function candidates(
  { control }: ScimDoor['parts'],
  equal: { readonly attribute: string; readonly value: string } | null,
): Promise<readonly ScimUserRow[]> {
  const { users } = control.scim
  const one = async (row: Promise<ScimUserRow | null>): Promise<readonly ScimUserRow[]> => {
    const found = await row
    return found === null || found.deletedAtMs !== null ? [] : [found]
  }
  if (equal?.attribute === 'username') return one(users.byUserName(folded(equal.value)))
  if (equal?.attribute === 'id') return one(users.byId(equal.value))
  return users.list()
}
