import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { bundleSource, bundlesOf, FILES_MAX } from './test-bundles.ts'

test('every file is in one bundle, with files of its room alone, and no bundle is large', () => {
  const room = fc.constantFrom(
    'src/api',
    'src/api/scim',
    'src/lib',
    'test',
    'test/console',
    'tools',
  )
  const file = fc.tuple(room, fc.nat(400)).map(([folder, n]) => `${folder}/${n}.test.ts`)
  fc.assert(
    fc.property(fc.uniqueArray(file, { maxLength: 120 }), (files) => {
      const bundles = bundlesOf(files)
      assert.deepEqual(bundles.flatMap((one) => one.files).toSorted(), files.toSorted())
      assert.equal(new Set(bundles.map(({ name }) => name)).size, bundles.length)
      for (const { name, files: inside } of bundles) {
        assert.ok(inside.length > 0 && inside.length <= FILES_MAX, name)
        for (const one of inside)
          assert.ok(one.startsWith(`${name.replace(/-\d+$/, '').replaceAll('-', '/')}/`), one)
      }
    }),
  )
})

test('what waits for browsers and clients starts before what only counts', () => {
  const [first] = bundlesOf(globSync(['src/**/*.test.ts', 'test/*/*.test.ts']))
  assert.match(first?.name ?? '', /^test-console/)
})

test('a bundle imports each file in a suite of its own and sets a seed only where one is wanted', () => {
  const urls = new Map([[`src/it's "here".test.ts`, 'file:///src/it%27s%20%22here%22.test.ts']])
  assert.doesNotMatch(bundleSource(urls, null), /fast-check/)
  const source = bundleSource(urls, 7)
  assert.match(source, /configureGlobal\(\{ seed: 7 \}\)\n/)
  assert.ok(source.includes(`suite("src/it's \\"here\\".test.ts", async () =>`), source)
})

test('a file that counts steps has a process of its own: what it sets slows down all that runs there', () => {
  const files = globSync('test/*.test.ts')
  const counting = files.filter((file) => readFileSync(file, 'utf8').includes('/harness/steps.ts'))
  assert.ok(counting.length > 0)
  const alone = bundlesOf(files).filter(({ files: inside }) => inside.length === 1)
  assert.deepEqual(
    alone.flatMap((one) => one.files),
    counting,
  )
})
