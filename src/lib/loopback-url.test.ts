import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopbackUrl } from './loopback-url.ts'

test('loopback is loopback in every spelling that a URL normalises', () => {
  for (const url of ['http://127.0.0.1:1/', 'http://127.1/', 'http://[::1]/', 'http://LOCALHOST/'])
    assert.equal(isLoopbackUrl(new URL(url)), true, url)
})

test('names and addresses that only look like it are not', () => {
  for (const url of [
    'http://127.0.0.1.evil.example/',
    'http://localhost.evil.example/',
    'http://128.0.0.1/',
    'http://[::2]/',
    'http://0.0.0.0/',
    'http://a@evil.example/',
  ])
    assert.equal(isLoopbackUrl(new URL(url)), false, url)
})
