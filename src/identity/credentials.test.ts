import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { findCredentials } from './credentials.ts'
import { mintKey } from './gateway-key.ts'

const KEY = mintKey().text
const OTHER_KEY = mintKey().text
const SIGV4 =
  'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261123/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00'

const one = (credential: string) => ({ kind: 'credentials', credentials: [credential] })

test('a credential is found in each of the usual places', () => {
  assert.deepEqual(findCredentials(['Authorization', `Bearer ${KEY}`], ''), one(KEY))
  assert.deepEqual(findCredentials(['authorization', `bearer  ${KEY} `], ''), one(KEY))
  for (const name of ['x-api-key', 'X-Api-Key', 'x-goog-api-key', 'api-key', 'Api-Key']) {
    assert.deepEqual(findCredentials(['Host', 'a', name, KEY], ''), one(KEY), name)
  }
  assert.deepEqual(findCredentials([], `?key=${KEY}`), one(KEY))
  assert.deepEqual(findCredentials([], `alt=sse&key=${KEY}`), one(KEY))
})

test('headers may come as pairs', () => {
  assert.deepEqual(findCredentials([['x-api-key', KEY]], ''), one(KEY))
})

test('other headers and parameters hold no credential', () => {
  const headers = [
    'Cookie',
    KEY,
    'x-api-keys',
    KEY,
    'proxy-authorization',
    `Bearer ${KEY}`,
    KEY,
    'x',
  ]
  assert.deepEqual(findCredentials(headers, `?apikey=${KEY}&KEY=${KEY}&q=key`), { kind: 'none' })
})

test('a header value that is the name of a credential header is no credential header', () => {
  assert.deepEqual(findCredentials(['x-note', 'x-api-key', 'x-other', KEY], ''), { kind: 'none' })
})

test('empty credentials count as absent', () => {
  for (const value of ['', ' ', 'Bearer', 'Bearer ']) {
    assert.deepEqual(findCredentials(['Authorization', value], ''), { kind: 'none' }, value)
  }
  assert.deepEqual(findCredentials(['x-api-key', '', 'api-key', ' '], '?key='), { kind: 'none' })
})

test('the same key in two places is one credential', () => {
  const headers = ['Authorization', `Bearer ${KEY}`, 'x-api-key', KEY]
  assert.deepEqual(findCredentials(headers, `?key=${KEY}`), one(KEY))
})

test('two different gateway keys conflict, wherever they are', () => {
  const conflicts: readonly (readonly [string[], string])[] = [
    [['Authorization', `Bearer ${KEY}`, 'x-api-key', OTHER_KEY], ''],
    [['x-api-key', KEY, 'x-api-key', OTHER_KEY], ''],
    [['Authorization', `Bearer ${KEY}`, 'Authorization', `Bearer ${OTHER_KEY}`], ''],
    [['x-api-key', KEY], `?key=${OTHER_KEY}`],
    [[], `?key=${KEY}&key=${OTHER_KEY}`],
    [['x-api-key', KEY, 'api-key', 'cst_short'], ''],
  ]
  for (const [headers, query] of conflicts) {
    assert.deepEqual(findCredentials(headers, query), { kind: 'conflicting' })
  }
})

test('one gateway key stands alone beside foreign credentials', () => {
  for (const foreign of [`Bearer sk-proj-1234`, 'Basic YTpi', SIGV4, 'Bearer a.b.c']) {
    assert.deepEqual(
      findCredentials(['Authorization', foreign, 'x-api-key', KEY], '?key=AIzaSy'),
      one(KEY),
      foreign,
    )
  }
})

test('without a gateway key all foreign credentials are given, in order, once each', () => {
  assert.deepEqual(
    findCredentials(['x-api-key', 'b', 'Authorization', 'Bearer a', 'api-key', 'b'], '?key=c'),
    { kind: 'credentials', credentials: ['b', 'a', 'c'] },
  )
})

test('other schemes and shapes of Authorization are malformed', () => {
  const refused = [
    'Basic YTpi',
    KEY,
    `Bearer ${KEY} x`,
    `Token ${KEY}`,
    `Bearer${KEY}`,
    'Digest a="b"',
  ]
  refused.push(
    'AWS4-HMAC-SHA256',
    'AWS4-HMAC-SHA256 Signature=00',
    `${KEY} Bearer`,
    'Negotiate abc',
  )
  for (const value of refused) {
    assert.deepEqual(findCredentials(['Authorization', value], ''), { kind: 'malformed' }, value)
  }
  assert.deepEqual(findCredentials(['Authorization', 'Basic YTpi', 'Authorization', SIGV4], ''), {
    kind: 'malformed',
  })
})

test('an AWS signature alone names its access key', () => {
  const found = { kind: 'sigv4', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }
  assert.deepEqual(findCredentials(['Authorization', SIGV4], ''), found)
  const asymmetric = SIGV4.replace('HMAC', 'ECDSA-P256')
  assert.deepEqual(findCredentials(['Authorization', asymmetric], ''), found)
})

test('a gateway key is found as the session token of a signed request, and nothing else is taken from there', () => {
  const signed = (token: string) => ['Authorization', SIGV4, 'X-Amz-Security-Token', token]
  assert.deepEqual(findCredentials(signed(KEY), ''), { kind: 'credentials', credentials: [KEY] })
  for (const token of ['', ' ', 'IQoJb3JpZ2luX2VjEXAMPLE', `Bearer ${KEY}`, `x${KEY}`]) {
    assert.equal(findCredentials(signed(token), '').kind, 'sigv4', token)
  }
  const two = [...signed(KEY), 'x-api-key', OTHER_KEY]
  assert.deepEqual(findCredentials(two, ''), { kind: 'conflicting' })
  const foreign = ['x-amz-security-token', 'IQoJb3JpZ2luX2VjEXAMPLE', 'x-api-key', KEY]
  assert.deepEqual(findCredentials(foreign, ''), { kind: 'credentials', credentials: [KEY] })
})

test('any headers and query give an answer, and only what was sent', () => {
  const name = fc.constantFrom(
    'authorization',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'x-amz-security-token',
    'host',
  )
  const value = fc.oneof(fc.string(), fc.constantFrom(KEY, OTHER_KEY, SIGV4, `Bearer ${KEY}`))
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), fc.string(), (headers, query) => {
      const found = findCredentials(headers, query)
      assert.deepEqual(findCredentials(headers.flat(), query), found)
      if (found.kind !== 'credentials') return
      const sent =
        headers.map(([, text]) => text).join('\n') + new URLSearchParams(query).toString()
      for (const credential of found.credentials) {
        const plain = new URLSearchParams(query).getAll('key').includes(credential)
        assert.ok(plain || sent.includes(credential))
      }
      const keys = found.credentials.filter((text) => text.startsWith('cst_'))
      assert.ok(keys.length === 0 || found.credentials.length === 1)
    }),
  )
})

test('a hostile header is read in time linear in its length', () => {
  const before = process.cpuUsage()
  for (const hostile of [
    `Bearer${' \t'.repeat(5e5)}`,
    `AWS4-HMAC-SHA256 ${' Credential'.repeat(1e5)}`,
  ]) {
    findCredentials(['Authorization', `${hostile}!`, 'authorization', `${hostile} a b`], '')
  }
  // Quadratic time would be minutes; this bound only has to lie between.
  assert.ok(process.cpuUsage(before).user < 10_000_000)
})
