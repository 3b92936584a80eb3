/** Users and groups as SCIM resources: what a client reads back. */
import { isJsonObject } from '../../lib/json/loose.ts'
import type { PersonRow } from '../../model/people.ts'
import type { ScimGroupRow, ScimUserRow } from '../../model/scim.ts'
import type { Attributes } from './attributes.ts'
import { ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA } from './attributes.ts'

export interface ScimUser {
  readonly row: ScimUserRow
  readonly person: PersonRow
}

/** Base URL of `/scim/v2`. */
export function userResource(
  { row, person }: ScimUser,
  groups: readonly ScimGroupRow[],
  base: string,
): Attributes {
  const attributes = attributesOf(row)
  const isExtended = isJsonObject(attributes[ENTERPRISE_SCHEMA])
  return {
    ...attributes,
    schemas: isExtended ? [USER_SCHEMA, ENTERPRISE_SCHEMA] : [USER_SCHEMA],
    id: row.id,
    ...(row.externalId === '' ? {} : { externalId: row.externalId }),
    userName: row.userName,
    active: person.disabledAtMs === null,
    groups: groups
      .filter(({ members }) => members.includes(row.id))
      .map(({ id, displayName }) => ({
        value: id,
        display: displayName,
        $ref: `${base}/Groups/${id}`,
      })),
    roles: person.roles.map((role) => ({ value: role })),
    meta: metaOf('User', row, `${base}/Users/${row.id}`),
  }
}

export function groupResource(
  row: ScimGroupRow,
  names: ReadonlyMap<string, string>,
  base: string,
): Attributes {
  return {
    schemas: [GROUP_SCHEMA],
    id: row.id,
    ...(row.externalId === '' ? {} : { externalId: row.externalId }),
    displayName: row.displayName,
    members: row.members.map((id) => ({
      value: id,
      display: names.get(id) ?? id,
      $ref: `${base}/Users/${id}`,
    })),
    meta: metaOf('Group', row, `${base}/Groups/${row.id}`),
  }
}

export function attributesOf(row: ScimUserRow): Attributes {
  const attributes: unknown = JSON.parse(row.attributes)
  return isJsonObject(attributes) ? attributes : {}
}

export function etagOf(row: { readonly version: number }): string {
  return `W/"${row.version}"`
}

function metaOf(
  resourceType: string,
  row: { readonly createdAtMs: number; readonly modifiedAtMs: number; readonly version: number },
  location: string,
): Attributes {
  return {
    resourceType,
    created: new Date(row.createdAtMs).toISOString(),
    lastModified: new Date(row.modifiedAtMs).toISOString(),
    location,
    version: etagOf(row),
  }
}
