import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { jsonLines, runCliWith } from '../../../test/harness/cli.ts'
import { startConsole } from '../../../test/harness/console.ts'
import type { TestConsole } from '../../../test/harness/console.ts'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'

let console: TestConsole
let env: Record<string, string>
before(async () => {
  console = await startConsole({
    yaml: 'trust: { rules: { fixed: { issuer: https://a.example, audience: x, owner: ana } } }\n',
  })
  const { token } = await console.person('ana', ['admin'])
  env = { CUSTODY_SERVER: console.gateway.adminUrl, CUSTODY_TOKEN: token }
})
after(() => console[Symbol.asyncDispose]())

const run = (...args: readonly string[]) => runCliWith({ env }, ...args)

test('a person is invited with a link, given other roles, disabled and let back', async () => {
  const invited = await run('people', 'invite', 'kim', '--name', 'Kim', '--role', 'auditor')
  assert.equal(invited.code, 0, invited.err)
  assert.match(invited.out, /^http:\/\/.*\/login#token=cll_/)
  assert.match((await run('people', 'invite', 'kim')).err, /api\.conflict/)
  const states = async () => {
    const listed = jsonLines((await run('people', 'list', '--json')).out)
    const kim = listed.find(({ login }) => login === 'kim')
    return [kim?.['roles'], kim?.['disabled']]
  }
  assert.deepEqual(await states(), [['auditor'], false])
  assert.equal((await run('people', 'roles', 'kim', '--role', 'approver', 'member')).code, 0)
  assert.equal((await run('people', 'disable', 'kim')).out, 'kim: disabled, approver member\n')
  assert.deepEqual(await states(), [['approver', 'member'], true])
  assert.equal((await run('people', 'enable', 'kim', '--json')).code, 0)
  assert.deepEqual(await states(), [['approver', 'member'], false])
  assert.match(
    (await run('people', 'list')).out,
    /^LOGIN .*\n(?:.*\n)*kim +Kim +approver member +- +active/,
  )
})

test('what cannot be is said with its exit code', async () => {
  for (const [args, code, words] of [
    [['people', 'disable', 'nobody'], 3, /no such person/],
    [['people', 'roles', 'ana', '--role', 'king'], 2, /no such role/],
    [['people', 'disable', 'ana', '--server', ''], 2, /--server takes a URL/],
    [['trust', 'show', 'none'], 3, /no such trust rule/],
    [['trust', 'remove', 'none'], 3, /api\.not-found/],
    [['trust', 'remove', 'fixed'], 1, /api\.configured/],
    [['trust', 'hand-over', 'fixed', '--to', 'kim'], 1, /api\.configured/],
  ] as const) {
    const said = await run(...args)
    assert.equal(said.code, code, args.join(' ') + said.err)
    assert.match(said.err, words)
  }
  const here = await runCliWith({}, 'people', 'list')
  assert.equal(here.code, 2)
  assert.match(here.err, /kept by a running gateway/)
})

test('a trust rule is written from a file, changed, handed over, held against its owner and removed', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'rule.yaml')
  const write = (claims: string): void =>
    writeFileSync(
      file,
      `# of the deploy team\npreset: gitlab-ci\naudience: custody\nowner: ana\nclaims: ${claims}\n`,
    )
  write('{}')
  const unsafe = await run('trust', 'set', 'deploy', '--file', file)
  assert.equal(unsafe.code, 2)
  assert.match(unsafe.err, /signs for everybody/)
  write('{ namespace_id: "72" }')
  assert.equal(
    (await run('trust', 'set', 'deploy', '--file', file)).out,
    'made deploy, owned by ana\n',
  )
  write('{ namespace_id: ["72", "73"] }')
  assert.match((await run('trust', 'set', 'deploy', '--file', file)).out, /^changed deploy/)
  const rule = jsonLines((await run('trust', 'show', 'deploy', '--json')).out)[0]
  assert.deepEqual(rule?.['conditions'], { namespace_id: ['72', '73'] })
  assert.match((await run('trust', 'list')).out, /fixed +jwt .*ownerless|fixed +jwt/)
  await console.person('heir', ['member'])
  assert.equal(
    (await run('trust', 'hand-over', 'deploy', '--to', 'heir')).out,
    'deploy belongs to heir now\n',
  )
  assert.match((await run('people', 'holdings', 'heir')).out, /^trust rule deploy$/m)
  const fixed = await run('trust', 'set', 'fixed', '--file', file)
  assert.match(fixed.err, /stands in custody\.yaml/)
  assert.equal((await run('trust', 'remove', 'deploy')).out, 'removed deploy\n')
})
