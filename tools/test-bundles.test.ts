import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { temporaryFolder } from '../test/harness/temporary-folder.ts'
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
  assert.ok(source.includes(`untrackedSuite("src/it's \\"here\\".test.ts", () => import(`), source)
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

const FILES = {
  'untracked.mjs': `import { executionAsyncId } from 'node:async_hooks'
    import { after, test } from 'node:test'
    after(() => console.log('after the first'))
    test('nothing follows promises while tests run', async () => {
      await null
      if (executionAsyncId() !== 0) throw new Error('followed')
    })`,
  'uncaught.mjs': `import { test } from 'node:test'
    import { setTimeout as sleep } from 'node:timers/promises'
    test('an error that nobody catches', async () => {
      setImmediate(() => { throw new Error('of nobody') })
      await sleep(50)
    })`,
} as const

test('tests of a bundle run untracked, hooks stay with their file, and an uncaught error fails the run', () => {
  using folder = temporaryFolder()
  const ran = (...names: readonly (keyof typeof FILES)[]) => {
    for (const name of names) writeFileSync(join(folder.path, name), FILES[name])
    const urls = names.map((name) => [name, pathToFileURL(join(folder.path, name)).href] as const)
    const bundle = join(folder.path, 'bundle.mjs')
    writeFileSync(bundle, bundleSource(new Map(urls), null))
    const flags = ['--disable-warning=ExperimentalWarning', '--test-reporter=spec']
    // A runner in a runner would tell its results to the outer one.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    return spawnSync(process.execPath, [...flags, bundle], { encoding: 'utf8', env })
  }
  const well = ran('untracked.mjs')
  assert.equal(well.status, 0, well.stdout)
  const both = ran('untracked.mjs', 'uncaught.mjs')
  assert.equal(both.status, 1)
  assert.match(both.stdout, /pass 2\b/)
  assert.ok(
    both.stdout.indexOf('after the first') < both.stdout.indexOf('▶ uncaught.mjs'),
    both.stdout,
  )
  assert.match(both.stderr, /uncaught: Error: of nobody\n +at .*uncaught\.mjs:4/)
})
