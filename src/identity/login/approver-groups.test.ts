import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProviderConfig } from '../../config/login-config.ts'
import { approverGroups, keptGroups } from './approver-groups.ts'

const HOUR_MS = 3_600_000

const provider = (
  name: string,
  approvers: ProviderConfig['approvers'],
): Pick<ProviderConfig, 'name' | 'kind' | 'approvers'> => ({ name, kind: 'oidc', approvers })

const login = (provided: string, groups: readonly string[], atMs = 0) => ({
  person: 'per_1',
  provider: provided,
  groups,
  atMs,
})

function namesOf(
  providers: readonly ReturnType<typeof provider>[],
  row: ReturnType<typeof login>,
  nowMs = HOUR_MS,
): readonly string[] {
  const config = { providers: providers as readonly ProviderConfig[], groupsLastMs: 12 * HOUR_MS }
  return (approverGroups([row], config, nowMs).get('per_1') ?? []).map(({ name }) => name)
}

const OKTA = provider('okta', { secops: ['sec-ops-prod', 'sec-leads'], desk: ['desk'] })

test('a login fulfils what its provider is mapped to, under the name that rules have for it', () => {
  assert.deepEqual(namesOf([OKTA], login('oidc:okta', ['sec-leads', 'desk'])), ['secops', 'desk'])
  const [group] =
    approverGroups(
      [login('oidc:okta', ['desk'], 5)],
      { providers: [OKTA as ProviderConfig], groupsLastMs: HOUR_MS },
      6,
    ).get('per_1') ?? []
  assert.deepEqual(group, { name: 'desk', by: 'oidc:okta', untilMs: HOUR_MS + 5 })
})

test('nothing is fulfilled by a login that is too old, or by the same name elsewhere', () => {
  for (const [why, providers, row, nowMs] of [
    ['stale', [OKTA], login('oidc:okta', ['desk']), 12 * HOUR_MS],
    ['another provider of the same groups', [OKTA], login('oidc:partners', ['desk'])],
    ['of another kind', [OKTA], login('saml:okta', ['desk'])],
    ['mapped for none', [OKTA, provider('partners', {})], login('oidc:partners', ['desk'])],
    ['the name of the rule, not of the group', [OKTA], login('oidc:okta', ['secops'])],
    ['taken out of custody.yaml', [provider('okta', {})], login('oidc:okta', ['desk'])],
    ['no groups any more', [OKTA], login('oidc:okta', [])],
  ] as const)
    assert.deepEqual(namesOf(providers, row, nowMs), [], why)
  // And only mapped does the other provider count.
  const partners = provider('partners', { desk: ['desk'] })
  assert.deepEqual(namesOf([OKTA, partners], login('oidc:partners', ['desk'])), ['desk'])
})

test('of a login only the groups are kept that approvals ask for', () => {
  const groups = ['everyone', 'desk', 'desk', 'hr']
  assert.deepEqual(keptGroups(OKTA.approvers, groups), ['desk'])
  assert.deepEqual(keptGroups(OKTA.approvers, null), [])
  assert.deepEqual(keptGroups({}, groups), [])
})
