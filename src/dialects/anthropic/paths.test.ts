/** Anthropic paths are named with and without the version, and nothing else is claimed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anthropic } from './index.ts'

const recognise = (
  method: string,
  path: string,
  query = '',
): ReturnType<typeof anthropic.recognise> => anthropic.recognise({ method, path, query })

test('each path has its surface and is sent on under /v1', () => {
  const rows = [
    ['POST', '/v1/messages', 'anthropic.messages generate reads', '/v1/messages'],
    ['POST', '/messages', 'anthropic.messages generate reads', '/v1/messages'],
    ['POST', '/v1/messages/', 'anthropic.messages generate reads', '/v1/messages/'],
    ['POST', '//v1/%6dessages', 'anthropic.messages generate reads', '//v1/%6dessages'],
    [
      'POST',
      '/v1/messages/count_tokens',
      'anthropic.count-tokens count reads',
      '/v1/messages/count_tokens',
    ],
    [
      'POST',
      '/messages/count_tokens',
      'anthropic.count-tokens count reads',
      '/v1/messages/count_tokens',
    ],
    ['POST', '/v1/messages/batches', 'anthropic.batches manage reads', '/v1/messages/batches'],
    [
      'GET',
      '/v1/messages/batches/b1/results',
      'anthropic.batches manage',
      '/v1/messages/batches/b1/results',
    ],
    [
      'POST',
      '/v1/messages/batches/b1/cancel',
      'anthropic.batches manage',
      '/v1/messages/batches/b1/cancel',
    ],
    ['POST', '/v1/complete', 'anthropic.complete generate reads', '/v1/complete'],
    ['GET', '/v1/models', 'anthropic.models manage', '/v1/models'],
    ['GET', '/models/claude-x', 'anthropic.models manage', '/v1/models/claude-x'],
    ['POST', '/v1/files', 'anthropic.files opaque', '/v1/files'],
    ['GET', '/v1/files/f1', 'anthropic.files manage', '/v1/files/f1'],
    ['GET', '/v1/files/f1/content', 'anthropic.files opaque', '/v1/files/f1/content'],
    ['GET', '/v1/skills', 'anthropic.skills manage', '/v1/skills'],
    ['HEAD', '/', 'anthropic.root manage', '/'],
    ['GET', '/v1', 'anthropic.root manage', '/v1'],
    ['POST', '/', 'anthropic.other opaque', '/'],
    ['GET', '/v1/messages', 'anthropic.other opaque', '/v1/messages'],
    ['POST', '/v1/messages/new-thing', 'anthropic.other opaque', '/v1/messages/new-thing'],
    ['GET', '/protocol', 'anthropic.other opaque', '/protocol'],
    ['POST', '/v1/organizations/x', 'anthropic.other opaque', '/v1/organizations/x'],
    ['POST', '/v1/Messages', 'anthropic.messages generate reads', '/v1/Messages'],
  ] as const
  for (const [method, path, named, upstreamPath] of rows) {
    const surface = recognise(method, path)
    assert.ok(surface !== null, path)
    const { name, kind, readsBody } = surface
    assert.equal(`${name} ${kind}${readsBody ? ' reads' : ''}`, named, `${method} ${path}`)
    assert.equal(surface.upstreamPath, upstreamPath)
    assert.equal(surface.dialect, 'anthropic')
  }
})

test('the query is kept', () => {
  assert.equal(recognise('POST', '/messages', '?beta=true')?.upstreamPath, '/v1/messages?beta=true')
})

test('the token exchange is not sent to the provider', () => {
  assert.equal(recognise('POST', '/v1/oauth/token'), null)
  assert.equal(recognise('POST', '/v1/oauth/%74oken'), null)
  assert.equal(recognise('POST', '/v1/oauth/tokens')?.name, 'anthropic.other')
})

test('a path that servers read in different ways is not recognised', () => {
  for (const path of [
    '/v1/../messages',
    '/v1%2fmessages',
    '/v1/messages%00',
    '/v1/%zz',
    'v1/messages',
  ]) {
    assert.equal(recognise('POST', path), null, path)
  }
})

test('only paths that no other provider answers are claimed', () => {
  const claims = (path: string): boolean => anthropic.claims({ method: 'POST', path, query: '' })
  for (const path of ['/v1/messages', '/v1/messages/count_tokens', '/v1/complete']) {
    assert.equal(claims(path), true, path)
  }
  for (const path of [
    '/messages',
    '/v1/models',
    '/v1/files',
    '/v1/completions',
    '/v1/chat/completions',
    '/',
    '/v1',
    '/v2/messages',
    '/v1/messagesx',
  ]) {
    assert.equal(claims(path), false, path)
  }
})
