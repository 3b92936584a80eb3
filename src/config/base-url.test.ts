import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostRange, isLoopback, pointsAt, readBaseUrl } from './base-url.ts'

test('a base URL loses its trailing slash and the version that callers bring along', () => {
  const cases = [
    ['https://a.example/', 'openai', 'https://a.example'],
    ['https://a.example/x/v1/', 'openai', 'https://a.example/x/v1'],
    ['https://a.example/v1beta', 'gemini', 'https://a.example'],
    ['http://a.example/api', 'ollama', 'http://a.example'],
    ['https://a.{region}.example/x', 'bedrock', 'https://a.{region}.example/x'],
    ['HTTPS://A.example:443/a/../b', 'openai', 'https://a.example/b'],
  ] as const
  for (const [written, dialect, expected] of cases) {
    const reading = readBaseUrl(written, dialect)
    assert.ok(reading.kind === 'url')
    assert.equal(reading.baseUrl, expected)
  }
})

test('what is not the address of a provider is refused', () => {
  for (const written of [
    '',
    'a.example',
    'ftp://a.example',
    'javascript:1',
    'https://',
    'https://u@a.example',
    'https://a.example/?x',
    'https://a.example/#x',
    'https://a b',
  ]) {
    assert.equal(readBaseUrl(written, 'openai').kind, 'unreadable', written)
  }
})

test('hosts written as addresses are told apart', () => {
  const cases = [
    ['api.example', 'name'],
    ['8.8.8.8', 'public'],
    ['10.0.0.1', 'private'],
    ['127.0.0.1', 'private'],
    ['[::1]', 'private'],
    ['[fd12::1]', 'private'],
    ['localhost', 'private'],
    ['a.localhost', 'private'],
    ['169.254.169.254', 'link-local'],
    ['[fe80::1]', 'link-local'],
    ['[::ffff:169.254.169.254]', 'link-local'],
    ['[::ffff:10.0.0.1]', 'private'],
    ['0.0.0.0', 'link-local'],
    ['metadata.google.internal', 'link-local'],
    ['[2001:4860:4860::8888]', 'public'],
  ] as const
  for (const [host, range] of cases) assert.equal(hostRange(host), range, host)
})

test('a way back into the gateway is seen in every spelling', () => {
  const listeners = [{ host: '127.0.0.1', port: 8080 }]
  for (const url of [
    'http://127.0.0.1:8080',
    'http://localhost:8080/x',
    'http://[::1]:8080',
    'http://127.1:8080',
    'http://0.0.0.0:8080',
    'http://[::ffff:127.0.0.1]:8080',
    'http://LOCALHOST.:8080',
  ]) {
    assert.ok(pointsAt(url, listeners), url)
  }
  for (const url of [
    'http://127.0.0.1:8081',
    'http://10.0.0.1:8080',
    'https://localhost',
    'http://localhost.example:8080',
  ]) {
    assert.ok(!pointsAt(url, listeners), url)
  }
})

test('only addresses of this machine are loopback', () => {
  for (const host of ['127.0.0.1', '::1', 'localhost']) assert.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '192.168.1.1', 'example.com', '127.0.0.1.example.com'])
    assert.ok(!isLoopback(host), host)
})
