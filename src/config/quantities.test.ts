import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as check, integer, property } from 'fast-check'
import { formatDuration, formatSize, parseAddress, parseDuration, parseSize } from './quantities.ts'

test('durations are read in their units', () => {
  const cases = [
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['1.5s', 1500],
    [42, 42],
    ['0ms', 0],
  ] as const
  for (const [written, ms] of cases) assert.equal(parseDuration(written), ms)
})

test('what is not a duration is null', () => {
  for (const written of [
    '',
    '5',
    '5 s',
    '-5s',
    '5S',
    's',
    '1e3ms',
    '5min',
    '1h30m',
    '9999999999999999s',
    'Infinityms',
    NaN,
    -1,
    Infinity,
  ]) {
    assert.equal(parseDuration(written), null, String(written))
  }
})

test('sizes are read in binary and decimal units', () => {
  const cases = [
    ['64KiB', 65_536],
    ['100MB', 100_000_000],
    ['1 GiB', 2 ** 30],
    ['12B', 12],
    ['0.5KiB', 512],
    [7, 7],
  ] as const
  for (const [written, bytes] of cases) assert.equal(parseSize(written), bytes)
})

test('what is not a size is null', () => {
  for (const written of ['', '5', '5kb', '5Mb', '-5MB', '5  MB', 'MB', '9999999999TiB', NaN, -1]) {
    assert.equal(parseSize(written), null, String(written))
  }
})

test('what is formatted is read back', () => {
  check(
    property(integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (amount) => {
      assert.equal(parseSize(formatSize(amount)) ?? amount, amount)
      if (amount < 1e12) assert.equal(parseDuration(formatDuration(amount)), amount)
    }),
  )
  assert.equal(formatSize(65_536), '64KiB')
  assert.equal(formatDuration(90_000), '90s')
})

test('addresses are read', () => {
  const cases = [
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['localhost:0', 'localhost', 0],
    ['[::1]:65535', '::1', 65_535],
    ['[fe80::1%eth0]:1', 'fe80::1%eth0', 1],
    ['a-b.example:80', 'a-b.example', 80],
  ] as const
  for (const [written, host, port] of cases) {
    assert.deepEqual(parseAddress(written), { kind: 'address', address: { host, port } })
  }
})

test('what is not an address is refused with a hint', () => {
  for (const written of [
    '',
    ':80',
    'host',
    'host:',
    'host:-1',
    'host:65536',
    'host:1e3',
    '::1:80',
    '[::1]',
    '[]:80',
    '[host]:80',
    '[::1:80',
    'a b:80',
    'http://a:80',
    '-a:80',
    'a/b:80',
    '80',
    'u@h:80',
    'host:80 ',
  ]) {
    const reading = parseAddress(written)
    assert.ok(reading.kind === 'unreadable', written)
    assert.notEqual(reading.hint, '')
  }
})
