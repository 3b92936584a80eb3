import { test } from 'node:test'
import assert from 'node:assert/strict'
import { matchesPattern, readSegments } from './path-pattern.ts'

test('segments are decoded, and what a lenient server leaves out is left out', () => {
  const read: readonly (readonly [string, readonly string[]])[] = [
    ['/', []],
    ['/a/b', ['a', 'b']],
    ['//a///b/', ['a', 'b']],
    ['/%61/B%20c', ['a', 'B c']],
    ['/a;v=1/b;', ['a', 'b']],
    ['/a/;x/b', ['a', 'b']],
    ['/%C3%A4', ['\u00e4']],
    ['/a.b/..c', ['a.b', '..c']],
  ]
  for (const [path, segments] of read) assert.deepEqual(readSegments(path), segments, path)
})

test('paths that servers read in different ways are refused', () => {
  for (const path of [
    '',
    'a',
    '?',
    '/.',
    '/..',
    '/a/../b',
    '/a/%2e%2e',
    '/a/.%2e',
    '/..;x/a',
    '/a%2fb',
    '/a%2Fb',
    '/a%5Cb',
    '/a\\b',
    '/a%00',
    '/a%25',
    '/%',
    '/%4',
    '/%zz',
    '/%c3',
    '/%0a',
    '/\u0001',
    '/\u007f',
    '/%ed%a0%80',
  ]) {
    assert.equal(readSegments(path), null, JSON.stringify(path))
  }
})

test('patterns match whole paths without regard to letter case', () => {
  const match = (path: string, pattern: string): boolean =>
    matchesPattern(readSegments(path) ?? [], pattern)
  for (const [path, pattern] of [
    ['/a/b', 'a/b'],
    ['/A/b', 'a/b'],
    ['/a/x', 'a/*'],
    ['/a', 'a/**'],
    ['/a/b/c', 'a/**'],
    ['/a/b', 'a/*/**'],
    ['/a/b/c', 'a/*/**'],
    ['/', '**'],
  ] as const) {
    assert.equal(match(path, pattern), true, `${path} ${pattern}`)
  }
  for (const [path, pattern] of [
    ['/a', 'a/b'],
    ['/a/b/c', 'a/b'],
    ['/a', 'a/*'],
    ['/a/b/c', 'a/*'],
    ['/b', 'a/**'],
    ['/a', 'a/*/**'],
    ['/ab', 'a/**'],
    ['/', 'a'],
  ] as const) {
    assert.equal(match(path, pattern), false, `${path} ${pattern}`)
  }
})
