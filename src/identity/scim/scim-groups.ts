/** Keeps the groups of SCIM clients; who is in which gives people their roles. */
import { newControlId } from '../../lib/ids.ts'
import type { ScimClientRow, ScimGroupRow } from '../../model/scim.ts'
import type { Attributes } from './attributes.ts'
import { memberIds, textAt, writable } from './attributes.ts'
import { patched } from './patch.ts'
import { ScimProblem } from './scim-problem.ts'
import { checkMatch, refreshRoles } from './scim-users.ts'
import type { ScimParts } from './scim-users.ts'

const MEMBERS_MAX = 20_000

interface WantedGroup {
  readonly displayName: string
  readonly externalId: string
  readonly members: readonly string[]
}

async function readGroup(parts: ScimParts, written: Attributes): Promise<WantedGroup> {
  const attributes = writable(written)
  const displayName = textAt(attributes, 'displayName')
  if (displayName === '') throw new ScimProblem(400, 'displayName is missing', 'invalidValue')
  const ids = memberIds(attributes)
  if (ids.length > MEMBERS_MAX) throw new ScimProblem(400, 'too many members', 'tooMany')
  const users = new Set((await parts.control.scim.users.list()).map(({ id }) => id))
  // Entra pushes members that it has not provisioned (yet): they count from when they are.
  const members = ids.filter((id) => users.has(id))
  return { displayName, externalId: textAt(attributes, 'externalId'), members }
}

export async function createGroup(
  parts: ScimParts,
  client: ScimClientRow,
  written: Attributes,
): Promise<ScimGroupRow> {
  const wanted = await readGroup(parts, written)
  await refuseTaken(parts, wanted, null)
  const nowMs = parts.clock.nowMs()
  const row: ScimGroupRow = {
    ...wanted,
    id: newControlId('scg', nowMs),
    client: client.id,
    createdAtMs: nowMs,
    modifiedAtMs: nowMs,
    version: 1,
  }
  await parts.control.scim.groups.insert(row)
  await refreshRoles(parts, client, row.members)
  return row
}

export async function replaceGroup(
  parts: ScimParts,
  client: ScimClientRow,
  change: { readonly id: string; readonly ifMatch: string | null; readonly written: Attributes },
): Promise<ScimGroupRow> {
  const row = await groupById(parts, change.id)
  checkMatch(row, change.ifMatch)
  return write(parts, client, row, await readGroup(parts, change.written))
}

export async function patchGroup(
  parts: ScimParts,
  client: ScimClientRow,
  change: { readonly id: string; readonly ifMatch: string | null; readonly body: unknown },
): Promise<ScimGroupRow> {
  const row = await groupById(parts, change.id)
  checkMatch(row, change.ifMatch)
  const before = {
    displayName: row.displayName,
    externalId: row.externalId,
    members: row.members.map((value) => ({ value })),
  }
  return write(parts, client, row, await readGroup(parts, patched(before, change.body)))
}

export async function deleteGroup(
  parts: ScimParts,
  client: ScimClientRow,
  id: string,
): Promise<void> {
  const row = await groupById(parts, id)
  await parts.control.scim.groups.remove(id)
  await refreshRoles(parts, client, row.members)
}

export async function groupById(parts: ScimParts, id: string): Promise<ScimGroupRow> {
  const row = await parts.control.scim.groups.byId(id)
  if (row === null) throw new ScimProblem(404, 'there is no such group')
  return row
}

async function write(
  parts: ScimParts,
  client: ScimClientRow,
  row: ScimGroupRow,
  wanted: WantedGroup,
): Promise<ScimGroupRow> {
  await refuseTaken(parts, wanted, row.id)
  const next: ScimGroupRow = {
    ...row,
    ...wanted,
    modifiedAtMs: parts.clock.nowMs(),
    version: row.version + 1,
  }
  if (!(await parts.control.scim.groups.update(next)))
    throw new ScimProblem(412, 'it was changed meanwhile')
  await refreshRoles(parts, client, [...row.members, ...next.members])
  return next
}

async function refuseTaken(
  parts: ScimParts,
  wanted: WantedGroup,
  own: string | null,
): Promise<void> {
  const groups = await parts.control.scim.groups.list()
  const name = wanted.displayName.toLowerCase()
  if (groups.some((group) => group.id !== own && group.displayName.toLowerCase() === name))
    throw new ScimProblem(409, 'a group has this displayName', 'uniqueness')
}
