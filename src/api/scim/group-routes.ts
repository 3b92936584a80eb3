/** Serves `/Groups` of SCIM. */
import { groupResource } from '../../identity/scim/resources.ts'
import {
  createGroup,
  deleteGroup,
  groupById,
  patchGroup,
  replaceGroup,
} from '../../identity/scim/scim-groups.ts'
import type { ScimDoor } from './door.ts'
import { resourceRoutes } from './resource-routes.ts'

export function groupRoutes(door: ScimDoor): void {
  const { parts, base } = door
  const { scim } = parts.control
  const names = async (): Promise<ReadonlyMap<string, string>> =>
    new Map((await scim.users.list()).map(({ id, userName }) => [id, userName]))
  resourceRoutes(door, {
    path: '/Groups',
    candidates: async () => {
      const known = await names()
      return (await scim.groups.list()).map((row) => groupResource(row, known, base()))
    },
    read: (id) => groupById(parts, id),
    create: (client, written) => createGroup(parts, client, written),
    replace: (client, change) => replaceGroup(parts, client, change),
    patch: (client, change) => patchGroup(parts, client, change),
    remove: (client, id) => deleteGroup(parts, client, id),
    rowOf: (row) => row,
    shown: async (row) => groupResource(row, await names(), base()),
    deeds: {
      create: 'scim.group.create',
      change: () => 'scim.group.update',
      remove: 'scim.group.delete',
    },
  })
}
