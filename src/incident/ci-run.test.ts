import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Principal } from '../model/principal.ts'
import { ciRunOf } from './ci-run.ts'

const principal = (claims: Principal['claims'], issuer = ''): Principal => ({
  id: 'ci',
  kind: 'job',
  method: 'oidc',
  service: '',
  groups: [],
  keyId: null,
  issuer,
  claims,
  allowedUpstreams: null,
  allowedModels: null,
})
const declared = (headers: Readonly<Record<string, string>> = {}) => ({ service: '', headers })
const GITHUB = 'https://token.actions.githubusercontent.com'

test('what a token proved comes before what the caller says', () => {
  const run = ciRunOf(
    principal({ repository: 'acme/payroll', run_id: '123' }, GITHUB),
    declared({ 'x-custody-repository': 'acme/other', 'x-custody-run': '9' }),
  )
  assert.deepEqual(run, {
    repository: 'acme/payroll',
    run: '123',
    runUrl: 'https://github.com/acme/payroll/actions/runs/123',
    by: 'proven',
  })
})

test('what is declared says that it is, and gets no link', () => {
  const run = ciRunOf(null, declared({ 'x-custody-repository': 'acme/x', 'x-custody-run': '9' }))
  assert.deepEqual(run, { repository: 'acme/x', run: '9', runUrl: null, by: 'declared' })
  assert.equal(ciRunOf(null, declared()).by, 'nothing')
})

test('a link is made only for the shared issuer of GitHub and plain names', () => {
  for (const [claims, issuer] of [
    [{ repository: 'acme/x', run_id: '1' }, 'https://evil.example'],
    [{ repository: 'acme/x/../..', run_id: '1' }, GITHUB],
    [{ repository: 'acme/x', run_id: '1/../2' }, GITHUB],
    [{ project_path: 'acme/x', pipeline_id: '1' }, 'https://gitlab.com'],
  ] as const) {
    const run = ciRunOf(principal(claims, issuer), declared())
    assert.deepEqual([run.by, run.runUrl], ['proven', null])
  }
})
