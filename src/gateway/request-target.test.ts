import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { belowPrefix, joinBase, readTarget, splitRegion } from './request-target.ts'

const REFUSED = [
  '',
  '*',
  'http://evil/v1',
  'https://evil/',
  '//evil/v1',
  'v1/models',
  '/a/../b',
  '/a/./b',
  '/..',
  '/a/%2e%2e/b',
  '/a/%2E./b',
  '/a%2f..%2fb',
  '/a%2F%2e%2e%2fb',
  '/a\\b',
  '/a%5cb',
  '/a//b',
  '/a b',
  '/a\tb',
  '/a\r\nX: y',
  '/a%0d%0ab',
  '/a%00',
  '/a%7f',
  '/a%',
  '/a%2',
  '/a%zz',
  '/a%252e%252e/b',
  '/a%252fb',
  '/a#b',
  '/é',
  `/${'x'.repeat(9000)}`,
  '/t//v1',
  '/t/..%2f/v1',
  '/t/a b/v1',
  '/t/a%20b/v1',
]

test('paths that could be read in two ways are refused', () => {
  for (const raw of REFUSED) assert.equal(readTarget(raw).kind, 'refused', JSON.stringify(raw))
})

test('a plain path is read as it is, its query apart', () => {
  assert.deepEqual(readTarget('/openai/v1/models?limit=2&after=a%2Fb'), {
    kind: 'target',
    target: { declaredService: '', path: '/openai/v1/models', query: '?limit=2&after=a%2Fb' },
  })
})

test('an encoded model name keeps its spelling', () => {
  const path = '/bedrock/us-east-1/model/arn%3Aaws%3Abedrock%3A%3A123%3Aprofile%2Fx-v1%3A0/converse'
  const reading = readTarget(path)
  assert.equal(reading.kind === 'target' && reading.target.path, path)
})

test('a service tag is taken off the front of the path', () => {
  assert.deepEqual(readTarget('/t/billing-api/openai/v1/x?y'), {
    kind: 'target',
    target: { declaredService: 'billing-api', path: '/openai/v1/x', query: '?y' },
  })
  assert.deepEqual(readTarget('/t/svc'), {
    kind: 'target',
    target: { declaredService: 'svc', path: '/', query: '' },
  })
})

test('a prefix matches whole segments only', () => {
  assert.equal(belowPrefix('/openai/v1', 'openai'), '/v1')
  assert.equal(belowPrefix('/openai', 'openai'), '/')
  assert.equal(belowPrefix('/openaix/v1', 'openai'), null)
  assert.equal(belowPrefix('/v1/openai', 'openai'), null)
})

test('a region is recognised by its shape and nothing else is taken for one', () => {
  assert.deepEqual(splitRegion('/eu-central-1/model/x/converse'), {
    region: 'eu-central-1',
    path: '/model/x/converse',
  })
  assert.deepEqual(splitRegion('/us-gov-west-1'), { region: 'us-gov-west-1', path: '/' })
  for (const path of ['/model/x/converse', '/us-east/model', '/US-EAST-1/model', '/a.evil-1/x'])
    assert.equal(splitRegion(path).region, null)
})

test('a version that base URL and path both carry is sent once', () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['https://api.openai.com', '/v1/models', 'https://api.openai.com', '/v1/models'],
    ['https://api.openai.com/v1', '/v1/models', 'https://api.openai.com', '/v1/models'],
    [
      'https://openrouter.ai/api/v1/',
      '/v1/chat/completions',
      'https://openrouter.ai',
      '/api/v1/chat/completions',
    ],
    ['https://h/v1beta', '/v1beta/models/x:y', 'https://h', '/v1beta/models/x:y'],
    ['https://h/v1', '/v1beta/models', 'https://h', '/v1/v1beta/models'],
    ['https://h/api/paas/v4', '/v1/chat/completions', 'https://h', '/api/paas/v4/chat/completions'],
    ['https://h/v1beta/openai', '/v1/models?limit=1', 'https://h', '/v1beta/openai/models?limit=1'],
    ['https://h/v1', '/v1', 'https://h', '/v1'],
    ['https://h/base', '/v1/x', 'https://h', '/base/v1/x'],
  ]
  for (const [base, path, origin, joined] of cases)
    assert.deepEqual(joinBase(base, path), { origin, path: joined })
})

test('no accepted path holds a dot segment after any amount of decoding', () => {
  const piece = fc.constantFrom(
    '.',
    '..',
    '%2e',
    '%2E',
    '/',
    '%2f',
    '%5c',
    '\\',
    'a',
    '%25',
    '2e',
    '?',
    't',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const reading = readTarget(`/${pieces.join('')}`)
      if (reading.kind === 'refused') return
      let path = reading.target.path
      for (let round = 0; round < 3; round += 1) {
        assert.ok(!path.split(/[/\\]/).some((segment) => segment === '.' || segment === '..'), path)
        try {
          path = decodeURIComponent(path)
        } catch {
          return
        }
      }
    }),
    { numRuns: 2000 },
  )
})
