import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { LEAKED_SNIPPET } from '../../src/cli/demo/story.ts'
import { runCli } from '../harness/cli.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'

interface Listed {
  readonly id: string
  readonly principal: string
  readonly service: string
  readonly model: string
  readonly requestBytes: number
}

async function month(folder: string) {
  const filled = await runCli('demo', '--folder', folder, '--no-serve', '--json')
  assert.equal(filled.code, 0, filled.err)
  const facts = JSON.parse(filled.out) as { exchanges: number; leak: string; leakedKey: string }
  const listed = await runCli(
    'exchanges',
    '--json',
    '--limit',
    '1000',
    '--data',
    join(folder, 'data'),
  )
  const rows = listed.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Listed)
  return { facts, rows }
}

test('custody demo fills a month that verifies, with the leak in it, the same each time', async () => {
  using one = temporaryFolder()
  using two = temporaryFolder()
  const first = await month(join(one.path, 'demo'))
  const second = await month(join(two.path, 'demo'))
  assert.ok(first.rows.length > 300)
  assert.equal(first.rows.length, first.facts.exchanges)
  const shape = ({ rows }: typeof first) =>
    rows.map(({ principal, service, model, requestBytes }) => [
      principal,
      service,
      model,
      requestBytes,
    ])
  assert.deepEqual(shape(first), shape(second))
  const data = join(one.path, 'demo', 'data')
  const shown = await runCli('show', first.facts.leak, '--data', data)
  assert.ok(shown.out.includes(LEAKED_SNIPPET))
  assert.match(shown.out, /mara\.voss/)
  const verified = await runCli('verify', data)
  assert.equal(verified.code, 0, verified.out + verified.err)
})
