import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ScimGroupRow } from '../model/scim.ts'
import { membershipsOf, rosterOf } from './roster.ts'

const group = (displayName: string, members: readonly string[], externalId = ''): ScimGroupRow => ({
  id: `grp_${displayName}`,
  client: 'sc_1',
  externalId,
  displayName,
  members,
  createdAtMs: 0,
  modifiedAtMs: 0,
  version: 1,
})

const ERIN = { id: 'per_1', login: 'erin', managedBy: '' }
const FINN = { id: 'per_2', login: 'finn', managedBy: '' }
const NOBODY = new Map()

test('a person is in the groups of custody.yaml by login, and in those of the provider by id', () => {
  const roster = rosterOf({
    groups: { secops: ['erin'] },
    provisioned: [group('Payments', ['per_1'], 'g-17')],
    loggedIn: NOBODY,
    people: [ERIN, FINN],
  })
  assert.deepEqual(roster(ERIN), ['secops', 'Payments', 'g-17'])
  assert.deepEqual(roster(FINN), [])
})

test('a provider adds nobody to a group of custody.yaml, to a role, or to a person', () => {
  const groups = ['secops', 'approver', 'admin', 'erin'].map((name) => group(name, ['per_2'], name))
  const roster = rosterOf({
    groups: { secops: ['erin'] },
    provisioned: groups,
    loggedIn: new Map([
      ['per_2', groups.map(({ displayName: name }) => ({ name, by: 'oidc:okta', untilMs: 9 }))],
    ]),
    people: [ERIN, FINN],
  })
  assert.deepEqual(roster(FINN), [])
  assert.deepEqual(roster(ERIN), ['secops'])
})

test('the groups of the last login count beside the others, and not for people whom SCIM keeps', () => {
  const login = { name: 'payments', by: 'oidc:okta', untilMs: 9 }
  const memberships = membershipsOf({
    groups: {},
    provisioned: [group('desk', ['per_1', 'per_2'])],
    loggedIn: new Map([
      ['per_1', [login]],
      ['per_2', [login]],
    ]),
    people: [ERIN, FINN],
  })
  const desk = { name: 'desk', by: 'scim', untilMs: null }
  assert.deepEqual(memberships(ERIN), [desk, login])
  assert.deepEqual(memberships({ ...FINN, managedBy: 'scim:sc_1' }), [desk])
})
