import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { REMOVED } from '../model/record.ts'
import {
  headerCount,
  headerValue,
  headersForCaller,
  headersForUpstream,
  queryForUpstream,
  recordableHeaders,
  recordableTarget,
} from './headers.ts'

const PLAIN = { dropBetas: [], signs: false }

test('headers that nothing removes keep their order, spelling and repetition', () => {
  const flat = [
    'Content-Type',
    'application/json',
    'anthropic-beta',
    'a,b',
    'X-Stainless-Lang',
    'js',
    'x-multi',
    '1',
    'X-Multi',
    '2',
  ]
  assert.deepEqual(headersForUpstream(flat, PLAIN), flat)
})

test('credentials, cookies, hop-by-hop and forged forwarding headers do not reach the provider', () => {
  const dropped = [
    'Authorization',
    'x-api-key',
    'X-Goog-Api-Key',
    'api-key',
    'Cookie',
    'Proxy-Authorization',
    'x-amz-security-token',
    'Connection',
    'Keep-Alive',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Proxy-Connection',
    'X-Forwarded-For',
    'Forwarded',
    'X-Real-IP',
    'Via',
    'CF-Connecting-IP',
    'Host',
    'Content-Length',
    'Expect',
    'x-custody-service',
  ]
  for (const name of dropped)
    assert.deepEqual(headersForUpstream([name, 'v', 'x-kept', 'y'], PLAIN), ['x-kept', 'y'], name)
})

test('headers that Connection lists are dropped, but it cannot name the framing', () => {
  assert.deepEqual(
    headersForUpstream(['Connection', 'close, X-Secret', 'x-secret', '1', 'x-other', '2'], PLAIN),
    ['x-other', '2'],
  )
  assert.deepEqual(headersForCaller(['Connection', 'content-length', 'Content-Length', '5']), [
    'Content-Length',
    '5',
  ])
})

test('a beta that the upstream refuses is taken out and the others stay in place', () => {
  const options = { dropBetas: ['oauth-2025-04-20'], signs: false }
  assert.deepEqual(headersForUpstream(['anthropic-beta', 'x-1, oauth-2025-04-20,y-2'], options), [
    'anthropic-beta',
    'x-1,y-2',
  ])
  assert.deepEqual(headersForUpstream(['anthropic-beta', 'oauth-2025-04-20'], options), [])
})

test('the signature headers of a caller go when the gateway signs', () => {
  const flat = ['X-Amz-Date', '20260101T000000Z', 'x-amz-content-sha256', 'abc', 'accept', '*/*']
  assert.deepEqual(headersForUpstream(flat, { dropBetas: [], signs: true }), ['accept', '*/*'])
})

test('a record shows that a credential was there and never what it was', () => {
  const recorded = recordableHeaders(
    [
      'Authorization',
      'Bearer s3cret',
      'set-cookie',
      'id=s3cret',
      'x-team',
      'a',
      'x-upstream-key',
      's3cret',
    ],
    new Set(['x-upstream-key']),
  )
  assert.deepEqual(recorded, [
    ['Authorization', REMOVED],
    ['set-cookie', REMOVED],
    ['x-team', 'a'],
    ['x-upstream-key', REMOVED],
  ])
  assert.doesNotMatch(JSON.stringify(recorded), /s3cret/)
})

test('a key of this gateway is neither sent on nor recorded, wherever it stands', () => {
  const key = `cst_${'a1B2'.repeat(12)}c`
  const flat = ['X-Auth', `Token ${key}`, 'X-Note', 'cst_ is the prefix', 'X_API_KEY', 's3cret']
  assert.deepEqual(headersForUpstream(flat, { dropBetas: [], signs: false }), [
    'X-Note',
    'cst_ is the prefix',
  ])
  assert.deepEqual(recordableHeaders(flat), [
    ['X-Auth', REMOVED],
    ['X-Note', 'cst_ is the prefix'],
    ['X_API_KEY', REMOVED],
  ])
  assert.equal(recordableTarget(`/v1/${key}/models?x=${key}`), `/v1/${REMOVED}/models?x=${REMOVED}`)
  assert.equal(queryForUpstream(`?x=${key}&y=1`), '?y=1')
})

test('a key in the query is not recorded and not sent on, in any spelling', () => {
  for (const name of ['key', 'KEY', '%6bey', 'api_key', 'access_token']) {
    assert.equal(
      recordableTarget(`/v1/models?${name}=s3cret&alt=sse`),
      `/v1/models?${name}=${REMOVED}&alt=sse`,
    )
    assert.equal(queryForUpstream(`?${name}=s3cret&alt=sse`), '?alt=sse')
    assert.equal(queryForUpstream(`?${name}=s3cret`), '')
  }
  assert.equal(queryForUpstream('?alt=sse&monkey=1'), '?alt=sse&monkey=1')
})

test('no header list lets a credential through, whatever stands around it', () => {
  const name = fc.constantFrom(
    'authorization',
    'X-API-KEY',
    'x-goog-api-key',
    'Api-Key',
    'COOKIE',
    'x-b',
    'Connection',
    'accept',
  )
  const value = fc.constantFrom('SECRET', 'x-b', 'authorization', 'close')
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
      const out = headersForUpstream(pairs.flat(), PLAIN)
      for (let i = 0; i < out.length; i += 2) assert.match(out[i] ?? '', /^(?:x-b|accept)$/)
    }),
  )
})

test('header look-up ignores case and counts every line', () => {
  const flat = ['Host', 'a', 'hOST', 'b', 'hos', 'c']
  assert.equal(headerValue(flat, 'host'), 'a')
  assert.equal(headerCount(flat, 'host'), 2)
  assert.equal(headerValue(flat, 'none'), null)
})
