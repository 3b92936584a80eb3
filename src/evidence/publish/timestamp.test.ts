import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/harness/temporary-folder.ts'
import { startTimeStamper } from '../../../test/harness/time-stamper.ts'
import { readTimestamp, requestTimestamp } from './timestamp.ts'

const data = Buffer.from('custody/log\n5\nroot\n')

test('a token dates exactly these bytes, by whom it says, and openssl agrees', async () => {
  await using authority = await startTimeStamper()
  const token = await requestTimestamp(authority.url, data)
  const stamp = await readTimestamp(token, data)
  assert.ok(stamp.kind === 'ok')
  assert.equal(stamp.by, 'Test TSA')
  assert.ok(Math.abs(stamp.timeMs - Date.now()) < 600_000)
  assert.equal((await readTimestamp(token, Buffer.from('else'))).kind, 'refused')
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'token.tsr'), token)
  const text = execFileSync('openssl', [
    'ts',
    '-reply',
    '-in',
    join(folder.path, 'token.tsr'),
    '-text',
  ])
  assert.match(text.toString(), /Status: Granted/)
})

test('tokens that lie are refused', async () => {
  await using authority = await startTimeStamper()
  for (const [lie, reason] of [
    [{ imprint: true }, /other bytes/],
    [{ nonce: true }, /another question/],
    [{ signature: true }, /does not hold/],
    [{ refuse: true }, /not granted/],
  ] as const) {
    Object.assign(
      authority.lie,
      { imprint: false, nonce: false, signature: false, refuse: false },
      lie,
    )
    await assert.rejects(requestTimestamp(authority.url, data), reason)
  }
  for (const [purposes, critical] of [
    [['1.3.6.1.5.5.7.3.1'], true],
    [['1.3.6.1.5.5.7.3.8'], false],
    [['1.3.6.1.5.5.7.3.8', '1.3.6.1.5.5.7.3.1'], true],
  ] as const) {
    await using server = await startTimeStamper(purposes, critical)
    await assert.rejects(requestTimestamp(server.url, data), /may not give time stamps/)
  }
})

test('what is no token is refused, whatever it is', async () => {
  await using authority = await startTimeStamper()
  const token = await requestTimestamp(authority.url, data)
  const whole = await readTimestamp(token, data)
  assert.ok(whole.kind === 'ok')
  for (let at = 0; at < token.length; at += 7) {
    const bad = Buffer.from(token)
    bad[at]! ^= 0x55
    const stamp = await readTimestamp(bad, data)
    // Bytes outside of what is signed, such as the status text, may change; the time may not.
    if (stamp.kind === 'ok') assert.equal(stamp.timeMs, whole.timeMs)
  }
  for (const bytes of [Buffer.alloc(0), Buffer.from('hello'), token.subarray(0, 60)])
    assert.equal((await readTimestamp(bytes, data)).kind, 'refused')
})
