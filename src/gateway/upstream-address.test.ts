import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guardedLookup, judgeAddress, literalHostProblem } from './upstream-address.ts'

const STRICT = { allowLinkLocalAddresses: false, allowPrivateAddresses: false }

test('metadata, link-local, unspecified and multicast addresses are told apart from public ones', () => {
  for (const address of [
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'ff02::1',
    '::',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
  ]) {
    assert.equal(judgeAddress(address), 'link-local', address)
  }
  for (const address of [
    '10.0.0.1',
    '172.16.5.5',
    '192.168.1.1',
    '127.0.0.1',
    '100.64.0.1',
    '::1',
    'fd12::1',
    '::ffff:10.0.0.1',
  ]) {
    assert.equal(judgeAddress(address), 'private', address)
  }
  for (const address of ['1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])
    assert.equal(judgeAddress(address), 'allowed', address)
})

test('an address literal is judged in every spelling the URL parser understands', () => {
  for (const host of [
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '[::ffff:a9fe:a9fe]',
    '169.254.43518',
  ]) {
    assert.notEqual(
      literalHostProblem(`http://${host}/v1`, { ...STRICT, allowPrivateAddresses: true }),
      null,
      host,
    )
  }
  assert.equal(literalHostProblem('https://api.openai.com', STRICT), null)
  assert.equal(
    literalHostProblem('http://127.0.0.1:11434', { ...STRICT, allowPrivateAddresses: true }),
    null,
  )
  assert.notEqual(literalHostProblem('http://127.0.0.1:11434', STRICT), null)
})

test('a name that resolves to a refused address does not connect', async () => {
  const lookup = guardedLookup(STRICT)
  const error = await new Promise((resolve) =>
    lookup('localhost', { all: true }, (failure) => resolve(failure)),
  )
  assert.equal((error as { code?: string }).code, 'upstream.address-refused')
  const permitted = await new Promise((resolve) =>
    guardedLookup({ ...STRICT, allowPrivateAddresses: true })(
      'localhost',
      { all: true },
      (failure, addresses) => resolve(failure ?? addresses),
    ),
  )
  assert.ok(Array.isArray(permitted) && permitted.length > 0)
})
