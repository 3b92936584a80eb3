import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ScimGroupRow } from '../model/scim.ts'
import { rosterOf } from './roster.ts'

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

const ERIN = { id: 'per_1', login: 'erin' }
const FINN = { id: 'per_2', login: 'finn' }

test('a person is in the groups of custody.yaml by login, and in those of the provider by id', () => {
  const roster = rosterOf(
    { groups: { secops: ['erin'] } },
    [group('Payments', ['per_1'], 'g-17')],
    [ERIN, FINN],
  )
  assert.deepEqual(roster(ERIN), ['secops', 'Payments', 'g-17'])
  assert.deepEqual(roster(FINN), [])
})

test('a provider adds nobody to a group of custody.yaml, to a role, or to a person', () => {
  const groups = ['secops', 'approver', 'admin', 'erin'].map((name) => group(name, ['per_2'], name))
  const roster = rosterOf({ groups: { secops: ['erin'] } }, groups, [ERIN, FINN])
  assert.deepEqual(roster(FINN), [])
  assert.deepEqual(roster(ERIN), ['secops'])
})
