import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { jsonLines, runCli } from '../../../test/harness/cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'custody-scan-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('the exit code says whether something was found, and what was found is never printed', async () => {
  const clean = file('clean.txt', 'nothing to see\n')
  const dirty = file('dirty.txt', 'one\npay 4111 1111 1111 1111 now\n')
  const none = await runCli('scan', clean)
  assert.deepEqual([none.code, none.out, none.err], [0, '', '0 findings\n'])
  const some = await runCli('scan', clean, dirty)
  assert.equal(some.code, 1)
  assert.equal(some.out, `${dirty}:2:5: CREDIT_CARD (card-grouped-16, 0.90)\n`)
  const json = await runCli('scan', '--json', dirty)
  assert.deepEqual(
    jsonLines(json.out).map((line) => [line['line'], line['entity']]),
    [[2, 'CREDIT_CARD']],
  )
  const sarif = await runCli('scan', '--sarif', dirty)
  assert.equal(JSON.parse(sarif.out).runs[0].results.length, 1)
  for (const { out } of [some, json, sarif]) assert.ok(!out.includes('4111'))
})

test('packs, rules and the threshold narrow what is looked for', async () => {
  const dirty = file('narrow.txt', 'pay 4111 1111 1111 1111 now\n')
  assert.equal((await runCli('scan', '--packs', 'credentials', dirty)).code, 0)
  assert.equal(
    (await runCli('scan', '--packs', 'pci', '--without', 'card-grouped-16', dirty)).code,
    0,
  )
})

for (const [what, args, said] of [
  ['a pack that does not exist', ['scan', '--packs', 'nope', '-'], /there is no pack nope/],
  ['two forms at once', ['scan', '--json', '--sarif', '-'], /name one of/],
  ['a threshold out of range', ['scan', '--threshold', '2', '-'], /at most 1/],
  ['no file', ['scan'], /missing required argument/],
] as const) {
  test(`refused: ${what}`, async () => {
    const ran = await runCli(...args)
    assert.equal(ran.code, 2)
    assert.match(ran.err, said)
  })
}
