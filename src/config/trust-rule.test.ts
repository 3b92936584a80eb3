import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRule } from '../../test/harness/trust.ts'
import type { WrittenTrustRule } from './schema-trust.ts'

const GITHUB: WrittenTrustRule = {
  preset: 'github-actions',
  audience: 'custody',
  owner: 'alice',
  claims: { repository_owner_id: '65' },
}
const problemsOf = (written: WrittenTrustRule) => readRule(written).problems

test('a rule of a preset needs only audience, owner and whose tokens are meant', () => {
  const { rule, problems } = readRule(GITHUB)
  assert.deepEqual(problems, [])
  assert.equal(rule.issuer, 'https://token.actions.githubusercontent.com')
  assert.deepEqual(rule.algorithms, ['RS256'])
  assert.equal(rule.principal, 'github:{repository}')
})

const SHARED: readonly (readonly [
  WrittenTrustRule['preset'],
  string,
  readonly object[],
  readonly object[],
])[] = [
  [
    'github-actions',
    'https://token.actions.githubusercontent.com',
    [
      { repository_owner_id: '65' },
      { repository_id: ['74', '75'] },
      { repository_owner: 'acme' },
      { repository: 'acme/*' },
      { sub: 'repo:acme/shop:*' },
      { job_workflow_ref: 'acme/ci/.github/workflows/*' },
    ],
    [
      {},
      { repository_owner_id: '*' },
      { repository_owner: 'acme*' },
      { repository: '*' },
      { repository: '*/shop' },
      { repository: 'acme*' },
      { repository: ['acme/*', '*'] },
      { sub: '*' },
      { sub: 'repo:*' },
      { ref: 'refs/heads/main' },
      { environment: 'production', event_name: 'push' },
      { actor: 'mallory' },
    ],
  ],
  [
    'gitlab-ci',
    'https://gitlab.com',
    [{ namespace_id: '72' }, { project_path: 'acme/*' }, { sub: 'project_path:acme/shop:*' }],
    [{}, { ref_protected: 'true' }, { project_path: 'acme*' }, { namespace_id: '7*' }],
  ],
  [
    'buildkite',
    'https://agent.buildkite.com',
    [{ organization_id: 'o' }, { organization_slug: 'acme' }, { sub: 'organization:acme:*' }],
    [{}, { pipeline_slug: 'shop' }, { organization_slug: '*' }, { sub: 'organization:acme*' }],
  ],
  [
    'google',
    'https://accounts.google.com',
    [{ hd: 'acme.example' }, { sub: '1102' }, { email: 'mallory@acme.example' }],
    [{}, { email: '*@acme.example' }, { hd: '*' }],
  ],
]

for (const [preset, issuer, enough, lacking] of SHARED) {
  test(`${String(preset)}: a rule is saved only when a claim says whose tokens are meant, preset or not`, () => {
    const base = { audience: 'custody', owner: 'alice' }
    for (const written of [
      { ...base, preset },
      { ...base, issuer },
    ]) {
      const rule: WrittenTrustRule = { ...written }
      for (const claims of enough) {
        assert.deepEqual(problemsOf({ ...rule, claims: { ...claims } }), [], JSON.stringify(claims))
      }
      for (const claims of lacking) {
        const [problem] = problemsOf({ ...rule, claims: { ...claims } })
        assert.deepEqual(problem?.path, ['claims'], JSON.stringify(claims))
        assert.match(problem?.message ?? '', /signs for everybody/)
      }
    }
  })
}

test('an own installation needs no owner claim, the endpoint for all tenants does', () => {
  const base = { audience: 'custody', owner: 'alice' }
  assert.deepEqual(
    problemsOf({ ...base, preset: 'gitlab-ci', issuer: 'https://git.acme.example' }),
    [],
  )
  const entra = { ...base, preset: 'entra-id' } as const
  const own = 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0'
  assert.deepEqual(problemsOf({ ...entra, issuer: own }), [])
  const all = 'https://login.microsoftonline.com/common/v2.0'
  assert.equal(problemsOf({ ...entra, issuer: all }).length, 1)
  assert.deepEqual(problemsOf({ ...entra, issuer: all, claims: { tid: 't-1' } }), [])
})

test('what would make a rule unsafe or void is a problem where it stands', () => {
  const base = { issuer: 'https://idp.example', audience: 'custody', owner: 'alice' }
  const bad: readonly (readonly [WrittenTrustRule, string])[] = [
    [{ audience: 'custody', owner: 'alice' }, 'issuer'],
    [{ issuer: 'https://idp.example', owner: 'alice' }, 'audience'],
    [{ ...base, issuer: 'http://idp.example' }, 'issuer'],
    [{ ...base, issuer: 'file:///etc/passwd' }, 'issuer'],
    [{ ...base, issuer: 'https://user:pw@idp.example' }, 'issuer'],
    [{ ...base, jwksUrl: 'http://10.0.0.1/keys' }, 'jwksUrl'],
    [{ ...base, jwksUrl: 'gopher://x' }, 'jwksUrl'],
    [{ ...base, jwks: '{"keys":[]}' }, 'jwks'],
    [{ ...base, jwks: 'nonsense' }, 'jwks'],
    [{ ...base, jwks: '{"keys":[{}]}', jwksUrl: 'https://idp.example/keys' }, 'jwks'],
    [{ ...base, issuer: 'spiffe://acme.example' }, 'jwksUrl'],
    [{ ...base, kind: 'saml' }, 'jwks'],
  ]
  for (const [written, field] of bad) {
    const problems = problemsOf(written)
    assert.ok(
      problems.some(({ path }) => path[0] === field),
      `${field}: ${JSON.stringify(problems)}`,
    )
  }
})

test('a rule for certificates names whose, and nothing that only a token has', () => {
  const good: WrittenTrustRule = { kind: 'certificate', claims: { uri: 'a' }, owner: 'alice' }
  assert.deepEqual(problemsOf(good), [])
  for (const [change, path] of [
    [{ claims: {} }, 'claims'],
    [{ preset: 'spiffe' }, 'preset'],
    [{ jwks: '{"keys":[{}]}' }, 'jwks'],
    [{ jwksUrl: 'https://acme.example/keys' }, 'jwksUrl'],
    [{ audience: 'custody' }, 'audience'],
    [{ parties: ['a'] }, 'parties'],
    [{ algorithms: ['RS256'] }, 'algorithms'],
    [{ groupsClaim: 'groups' }, 'groupsClaim'],
  ] as const satisfies readonly (readonly [object, string])[])
    assert.deepEqual(
      problemsOf({ ...good, ...change } as WrittenTrustRule).map((problem) => problem.path[0]),
      [path],
    )
})
