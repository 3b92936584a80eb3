import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { insidePath } from './login-attempt.ts'

test('a way back leads inside the console and nowhere else', () => {
  assert.equal(insidePath('/exchanges?q=a%20b'), '/exchanges?q=a%20b')
  assert.equal(insidePath('/device?code=ABCD'), '/device?code=ABCD')
  for (const path of [
    '',
    '/',
    'exchanges',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/login',
    '/login?token=x',
    '/api/v1/logout',
    '/./api/v1/logout',
    `/${'a'.repeat(600)}`,
  ])
    assert.equal(insidePath(path), '/exchanges', path)
})

test('whatever is written, a browser stays on this origin', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.string().map((text) => `/${text}`),
      ),
      (text) => {
        const url = new URL(insidePath(text), 'https://console.example')
        assert.equal(url.origin, 'https://console.example')
        assert.doesNotMatch(url.pathname, /^\/(?:login|api)(?:\/|$)/)
      },
    ),
  )
})
