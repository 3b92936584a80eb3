import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { jsonLines, runCli, startCli } from '../../../test/harness/cli.ts'
import {
  openingFacts,
  openTestEvidence,
  temporaryFolder,
  type TemporaryFolder,
} from '../../../test/harness/evidence.ts'
import { record } from '../../../test/harness/recorded.ts'
import { newExchangeId, newKeyId } from '../../lib/ids.ts'
import type { ExchangeId } from '../../lib/ids.ts'

const keyId = newKeyId(Date.now())
const HOUR_MS = 3_600_000
const HOSTILE = '\u001b[2J\u202e\r'

let parent: TemporaryFolder
let folder: string
let ids: { readonly old: ExchangeId; readonly failed: ExchangeId; readonly last: ExchangeId }

before(async () => {
  parent = await temporaryFolder()
  folder = join(parent.path, 'data')
  await using to = await openTestEvidence(folder)
  const longAgoMs = Date.now() - 5 * HOUR_MS
  const principal = openingFacts().principal!
  ids = {
    old: await record(to, {
      facts: {
        id: newExchangeId(longAgoMs),
        receivedAtMs: longAgoMs,
        model: 'claude-x',
        upstream: 'anthropic',
      },
    }),
    failed: await record(to, {
      facts: {
        model: `gpt-4o${HOSTILE}`,
        principal: { ...principal, id: 'ci', service: 'build', keyId },
      },
      closing: { status: 429 },
    }),
    last: await record(to, { facts: { model: 'gpt-4o-mini' } }),
  }
})
after(() => parent[Symbol.asyncDispose]())

async function idsOf(...filter: readonly string[]): Promise<unknown[]> {
  const ran = await runCli('exchanges', '--json', '--data', folder, ...filter)
  assert.equal(ran.err, '')
  assert.equal(ran.code, 0)
  return jsonLines(ran.out).map((row) => row['id'])
}

test('exchanges come newest first, as JSON Lines with id and state', async () => {
  const ran = await runCli('exchanges', '--json', '--data', folder)
  const rows = jsonLines(ran.out)
  assert.deepEqual(
    rows.map((row) => row['id']),
    [ids.last, ids.failed, ids.old],
  )
  const [row] = rows
  assert.equal(row?.['state'], 'complete')
  assert.equal(row['principal'], 'ada@example.test')
  assert.equal(row['inputTokens'], 3)
  assert.equal(row['surface'], 'openai.chat-completions')
  assert.equal(new Date(String(row['receivedAt'])).getTime(), row['receivedAtMs'])
})

test('every filter leaves out what does not match', async () => {
  assert.deepEqual(await idsOf('--since', '1h', '--model', 'gpt-4o*'), [ids.last, ids.failed])
  assert.deepEqual(await idsOf('--until', '1h'), [ids.old])
  assert.deepEqual(await idsOf('--principal', 'ci', '--key', keyId, '--status', '429'), [
    ids.failed,
  ])
  assert.deepEqual(await idsOf('--service', 'billing', '--upstream', 'openai'), [ids.last])
  assert.deepEqual(await idsOf('--state', 'open'), [])
  assert.deepEqual(await idsOf('--limit', '1'), [ids.last])
})

test('found values are listed by how many exchanges hold them, by the same query', async () => {
  const none = await runCli('findings', '--data', folder, 'last:7d')
  assert.deepEqual([none.code, none.err], [0, 'nothing was found\n'])
  const wrong = await runCli('findings', '--data', folder, '--limit', '201')
  assert.equal(wrong.code, 2)
})

test('a written query takes and, or, not and measures, beside the options', async () => {
  assert.deepEqual(await idsOf('(status:429 or model:claude*) -state:open'), [ids.failed, ids.old])
  assert.deepEqual(await idsOf('not', 'upstream:anthropic', 'tokens-in:<10'), [
    ids.last,
    ids.failed,
  ])
  assert.deepEqual(await idsOf('last:1h', '--status', '429'), [ids.failed])
  assert.deepEqual(await idsOf('--limit', '1', 'principal:*'), [ids.last])
  const wrong = await runCli('exchanges', '--data', folder, 'model:a or')
  assert.equal(wrong.code, 2)
  assert.equal(
    wrong.err,
    'error: the query, at character 11: Something must follow here.\nhint: Add field:value.\n',
  )
})

test('the table shows every exchange and nothing that could drive a terminal', async () => {
  const ran = await runCli('exchanges', '--data', folder)
  const [title, ...lines] = ran.out.trimEnd().split('\n')
  assert.match(title ?? '', /^ID +TIME \(UTC\) +STATE/)
  assert.equal(lines.length, 3)
  assert.ok(lines[1]?.includes('gpt-4o\\u{1b}[2J\\u{202e}\\u{d}'))
  // oxlint-disable-next-line no-control-regex -- what must not be there
  assert.doesNotMatch(ran.out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  const json = await runCli('exchanges', '--json', '--data', folder, '--principal', 'ci')
  // oxlint-disable-next-line no-control-regex -- what must not be there
  assert.doesNotMatch(json.out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  assert.equal(jsonLines(json.out)[0]?.['model'], `gpt-4o${HOSTILE}`)
})

test('options that make no sense are a usage error', async () => {
  for (const wrong of [
    ['--since', 'yesterday'],
    ['--limit', '0'],
    ['--limit', '1e3'],
  ]) {
    const ran = await runCli('exchanges', '--data', folder, ...wrong)
    assert.equal(ran.code, 2, wrong.join(' '))
    assert.equal(ran.out, '')
    assert.match(ran.err, /^error: --/)
  }
})

test('a folder that does not exist is an error with a hint, and is not made', async () => {
  const missing = join(parent.path, 'missing')
  for (const command of [
    ['exchanges'],
    ['show', ids.last],
    ['replay', ids.last],
    ['tail'],
    ['reindex'],
  ]) {
    const ran = await runCli(...command, '--data', missing)
    assert.equal(ran.code, 1, command.join(' '))
    assert.match(ran.err, /^error: there is no data folder .*\nhint: /)
    assert.equal(existsSync(missing), false)
  }
})

test('a folder whose root key is gone is told apart from an empty one', async () => {
  const keyless = join(parent.path, 'keyless')
  await cp(join(folder, 'segments'), join(keyless, 'segments'), { recursive: true })
  const ran = await runCli('exchanges', '--data', keyless)
  assert.equal(ran.code, 1)
  assert.match(ran.err, /root key .* missing/)
  assert.equal(existsSync(join(keyless, 'keys')), false)
})

test('a reader that closes the pipe early is no error', async () => {
  await using running = startCli('exchanges', '--json', '--data', folder)
  running.closeOut()
  const { code, err } = await running.ended
  assert.deepEqual({ code, err }, { code: 0, err: '' })
})

test('what a killed gateway left open is listed as interrupted, also when the index is gone', async () => {
  const image = join(parent.path, 'image')
  await using dying = await openTestEvidence(join(parent.path, 'dying'))
  const id = await record(dying, { closing: null })
  await cp(dying.folder, image, { recursive: true })
  const bare = join(parent.path, 'bare')
  await cp(dying.folder, bare, { recursive: true, filter: (path) => !/index\.db/.test(path) })
  for (const left of [image, bare]) {
    const ran = await runCli('exchanges', '--json', '--data', left)
    const [row, ...others] = jsonLines(ran.out)
    assert.equal(others.length, 0)
    assert.deepEqual(
      { id: row?.['id'], state: row?.['state'], outcome: row?.['outcome'] },
      { id, state: 'interrupted', outcome: 'crashed' },
    )
  }
})
