import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli, startCliWith } from '../../../test/harness/cli.ts'
import { startConsole } from '../../../test/harness/console.ts'

const policy = (word: string): string => `version: 1
rules:
  - id: words
    title: Words stay inside
    on: request
    keywords: [${word}]
    then: deny
    stage: enforce
`

test('an exchange is explained by the policy that decided it, here and from afar', async () => {
  await using console = await startConsole()
  const paula = await console.person('paula', ['policy-author'])
  const publish = async (text: string, basedOn: number): Promise<string> => {
    const body = { text, note: 'as agreed', basedOn }
    const made = await paula.call('POST', '/policy', { body })
    assert.equal(made.status, 201, made.text)
    return made.body.hash
  }
  const early = await console.chat('all about bluebird')
  const none = await paula.call('GET', `/exchanges/${early}/explanation`)
  assert.equal(none.status, 404)
  const hash = await publish(policy('bluebird'), 0)
  const denied = await console.chat('all about bluebird')
  await publish(policy('heron'), 1)

  const { body } = await paula.call('GET', `/exchanges/${denied}/explanation`)
  assert.deepEqual([body.source, body.policy, body.isThen], ['version 1', hash, true])
  assert.deepEqual([body.recorded.verdict, body.recorded.deciding], ['deny', 'words'])
  assert.equal(body.rules[0].outcome, 'fired')
  assert.ok(!JSON.stringify(body).includes('all about'))
  // Nobody had a policy then: what is in force now says what it would do.
  const unjudged = (await paula.call('GET', `/exchanges/${early}/explanation`)).body
  assert.deepEqual(
    [unjudged.source, unjudged.isThen, unjudged.recorded],
    ['version 2', false, null],
  )
  const member = await console.person('milo', ['member'])
  assert.equal((await member.call('GET', `/exchanges/${denied}/explanation`)).status, 403)

  const local = await runCli('policy', 'explain', denied, '--data', console.gateway.folder)
  assert.equal(local.code, 0, local.err)
  assert.match(local.out, /^recorded: deny by words, policy [0-9a-f]{16}\nexplained by version 1\n/)
  assert.match(local.out, /words: fired \(deny, enforce\)/)
  await using remotely = startCliWith(
    { CUSTODY_TOKEN: paula.token },
    'policy',
    'explain',
    denied,
    '--server',
    console.gateway.adminUrl,
  )
  const remote = await remotely.ended
  assert.equal(remote.out, local.out, remote.err)
})

test('a policy file that was changed since still explains what it decided', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'custody-explain-'))
  try {
    let denied = ''
    let token = ''
    {
      await using console = await startConsole({ folder, policy: policy('bluebird') })
      denied = await console.chat('all about bluebird')
      token = (await console.person('audrey', ['auditor'])).token
    }
    await using console = await startConsole({ folder, policy: policy('heron'), token })
    const { body } = await console.admin('GET', `/exchanges/${denied}/explanation`)
    assert.deepEqual([body.isThen, body.rules[0].outcome], [true, 'fired'])
    assert.match(body.source, /policy\.yaml$/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
