import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadConfig } from './load.ts'
import type { LoginConfig } from './login-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-login-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function load(login: string) {
  const file = join(folder, 'custody.yaml')
  writeFileSync(file, `login:\n${login}`)
  return loadConfig({ file, env: { OIDC_SECRET: 's3cret-s3cret' }, workingFolder: folder })
}

function accepted(login: string): LoginConfig {
  const result = load(login)
  assert.equal(result.kind, 'config', JSON.stringify(result))
  return result.kind === 'config' ? result.config.login : assert.fail()
}

function refused(login: string): string {
  const result = load(login)
  return result.kind === 'problems'
    ? result.problems.map(({ path, message }) => `${path}: ${message}`).join('\n')
    : assert.fail('accepted')
}

const oidc = (more = '') => `  providers:
    okta:
      oidc: { issuer: 'https://okta.example', clientId: c, clientSecret: '\${OIDC_SECRET}' }
      ${more}
`

test('a provider has everything filled in, and its secret is not printed', () => {
  const login = accepted(oidc('roles: { admin: [ops] }'))
  const [provider] = login.providers
  assert.ok(provider?.kind === 'oidc')
  assert.equal(provider.title, 'Log in with okta')
  assert.deepEqual(provider.scopes, ['openid', 'profile', 'email'])
  assert.deepEqual(provider.roles, { byGroup: { admin: ['ops'] }, otherwise: ['member'] })
  assert.deepEqual(provider.linkBy, ['scim-external-id'])
  assert.equal(provider.clientSecret?.reveal(), 's3cret-s3cret')
  assert.doesNotMatch(JSON.stringify(login), /s3cret/)
})

test('nobody gets a role by default where none is for everyone', () => {
  assert.deepEqual(accepted(oidc('defaultRole: none')).providers[0]?.roles.otherwise, [])
})

test('what says who people are comes over TLS, except on loopback', () => {
  const issuer = (url: string) =>
    `  providers:\n    a: { oidc: { issuer: '${url}', clientId: c } }\n`
  accepted(issuer('http://127.0.0.1:9000'))
  accepted(issuer('http://[::1]:9000'))
  for (const url of ['http://okta.example', 'http://127.0.0.1.evil.example', 'ftp://x', 'okta'])
    assert.match(refused(issuer(url)), /over TLS/, url)
})

test('a provider speaks one of the two', () => {
  assert.match(refused('  providers:\n    a: { title: A }\n'), /one of oidc and saml/)
  assert.match(
    refused(oidc("saml: { metadata: 'https://idp.example/m' }")),
    /login.providers.okta: a provider speaks one/,
  )
})

test('the console URL is an origin', () => {
  assert.equal(accepted("  consoleUrl: 'https://c.example/'\n").consoleUrl, 'https://c.example')
  for (const url of [
    'https://c.example/path',
    'http://c.example',
    'c.example',
    'https://u@c.example',
  ])
    assert.match(refused(`  consoleUrl: '${url}'\n`), /not an origin/, url)
})

test('links for break-glass alone need a provider for everybody else', () => {
  assert.match(refused('  links: break-glass\n'), /no provider lets anybody else in/)
  const login = accepted(`  links: break-glass\n  breakGlass: [root]\n${oidc()}`)
  assert.deepEqual([login.links, login.breakGlass], ['break-glass', ['root']])
})

test('a literal secret is refused and not repeated', () => {
  const words = refused(oidc().replace("'${OIDC_SECRET}'", 'hunter2hunter2'))
  assert.doesNotMatch(words, /hunter2/)
})

test('a provider fulfils the groups of approvers that it is mapped to, and none that is a role or a list', () => {
  const login = accepted(oidc('approvers: { desk: [sec-ops] }'))
  assert.deepEqual(login.providers[0]?.approvers, { desk: ['sec-ops'] })
  assert.equal(login.groupsLastMs, 12 * 3_600_000)
  assert.match(refused(oidc('approvers: { admin: [everyone] }')), /the name of a role/)
  assert.match(refused(oidc('approvers: [desk]')), /approvers/)
  assert.match(refused(`  groupsLast: 1s\n${oidc()}`), /groupsLast/)
  const listed = `${oidc('approvers: { secops: [sec-ops] }')}approvals: { groups: { secops: [dana] } }\n`
  assert.match(refused(listed), /approvals\.groups lists this group/)
})
