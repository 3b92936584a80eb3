import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_FIELDS, fieldsOf, writtenOf } from './rule-fields.ts'

test('a rule goes through the form and comes back with every setting that it had', () => {
  for (const rule of [
    {
      preset: 'github-actions',
      owner: 'ana',
      audience: ['custody'],
      claims: { repository_id: ['7', '8'] },
    },
    { kind: 'certificate', owner: 'ana', claims: { uri: ['spiffe://a/*'], 'subject.OU': ['ci'] } },
    {
      kind: 'saml',
      issuer: 'https://idp.example',
      audience: ['a', 'b'],
      jwks: 'PEM',
      owner: 'ana',
      principal: '{email}',
      singleUse: true,
      exchangeMs: '30m',
    },
    {
      issuer: 'https://a.example',
      audience: ['x'],
      owner: 'bo',
      service: 's',
      upstreams: ['openai'],
      models: ['gpt-*'],
    },
    { owner: 'bo', claims: { 'oidc.circleci.com/project-id': ['p'] }, preset: 'circleci' },
  ])
    assert.deepEqual(writtenOf(fieldsOf(rule)), { kind: 'written', rule })
})

test('one pattern and one audience may be written as a text, and come back as a list', () => {
  const fields = fieldsOf({ audience: 'custody', claims: { sub: 'a:b' }, owner: 'ana' })
  assert.deepEqual([fields.audience, fields.claims], ['custody', 'sub: a:b'])
  assert.deepEqual(writtenOf(fields), {
    kind: 'written',
    rule: { owner: 'ana', claims: { sub: ['a:b'] }, audience: ['custody'] },
  })
})

test('lines and JSON that cannot be read are named by their field', () => {
  for (const [change, field] of [
    [{ claims: 'repository_id' }, 'claims'],
    [{ claims: 'repository_id: 7\n: x' }, 'claims'],
    [{ claims: 'a: ,' }, 'claims'],
    [{ more: '{' }, 'more'],
    [{ more: '[]' }, 'more'],
  ] as const) {
    const read = writtenOf({ ...NO_FIELDS, ...change })
    assert.equal(read.kind === 'problem' ? read.field : read.kind, field, JSON.stringify(change))
  }
})
