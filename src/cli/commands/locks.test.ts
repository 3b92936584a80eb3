import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { runCliWith } from '../../../test/harness/cli.ts'
import type { TestConsole } from '../../../test/harness/console.ts'
import { startConsole } from '../../../test/harness/console.ts'

let console: TestConsole
let token = ''

before(async () => {
  console = await startConsole()
  token = (await console.person('rita', ['investigator'])).token
})
after(() => console[Symbol.asyncDispose]())

const here = (...args: readonly string[]) =>
  runCliWith({ env: {} }, ...args, '--data', console.gateway.folder)
const there = (...args: readonly string[]) =>
  runCliWith({ env: { CUSTODY_SERVER: console.gateway.adminUrl, CUSTODY_TOKEN: token } }, ...args)

async function status(): Promise<number> {
  const answer = await fetch(`${console.gateway.url}/openai/v1/models`, {
    headers: { 'x-api-key': console.gateway.key },
  })
  await answer.arrayBuffer()
  return answer.status
}

for (const [place, custody] of [
  ['the data folder', here],
  ['the API', there],
] as const) {
  test(`over ${place}: preview, lock, list, unlock`, async () => {
    await console.chat('hello')
    const preview = await custody('lock', 'upstream', 'openai', '--preview')
    assert.equal(preview.code, 0, preview.err)
    assert.match(preview.out, /^exchanges since .*: [1-9]/m)
    assert.match(preview.out, /^models .*echo \d/m)
    assert.equal(await status(), 200)

    const set = await custody(
      'lock',
      'upstream',
      'openai',
      '--reason',
      'incident 7',
      '--expires',
      '1h',
    )
    assert.equal(set.code, 0, set.err)
    const id = /lk_\w+/.exec(set.out)?.[0]
    assert.ok(id !== undefined, set.out)
    assert.equal(await status(), 400)

    const listed = await custody('locks')
    assert.match(listed.out, new RegExp(`${id} +upstream +openai +held .* incident 7`))
    const unlocked = await custody('unlock', id, '--reason', 'resolved')
    assert.equal(unlocked.code, 0, unlocked.err)
    assert.equal(await status(), 200)
    assert.doesNotMatch((await custody('locks')).out, /lk_/)
    const all = await custody('locks', '--all', '--json')
    assert.ok(all.out.includes('"releaseReason":"resolved"'))
  })
}

test('a lock without a reason, of no kind, or that can hit nothing is not set', async () => {
  for (const args of [
    ['lock', 'upstream', 'openai'],
    ['lock', 'planet', 'mars', '--reason', 'r'],
    ['lock', 'key', 'cst_secret', '--reason', 'r'],
    ['lock', 'upstream', 'openai', '--reason', 'r', '--expires', 'soon'],
  ]) {
    const ran = await here(...args)
    assert.equal(ran.code, 2, args.join(' '))
    assert.match(ran.err, /^error: /)
  }
  const none = await here('unlock', 'lk_none', '--reason', 'r')
  assert.equal(none.code, 3)
  assert.equal(await status(), 200)
})
