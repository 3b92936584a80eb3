import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { jsonLines, runCli, startCli } from '../../../test/harness/cli.ts'
import {
  openTestEvidence,
  temporaryFolder,
  type TemporaryFolder,
} from '../../../test/harness/evidence.ts'
import { chatEvents, record } from '../../../test/harness/recorded.ts'
import type { ExchangeId } from '../../lib/ids.ts'

const answer = chatEvents(
  { reasoning_content: 'hm\u001b[8m' },
  { content: 'Hel\u001b[2J' },
  { content: 'lo\r\u202e' },
  { tool_calls: [{ index: 0, id: 'c', function: { name: 'look', arguments: '{"q"' } }] },
  { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] },
)
const binary = randomBytes(2000)
const HOUR_MS = 3_600_000

let folder: TemporaryFolder
let ids: Record<'chat' | 'slow' | 'list' | 'binary', ExchangeId>

before(async () => {
  folder = await temporaryFolder()
  await using to = await openTestEvidence(folder.path)
  ids = {
    chat: await record(to, { answer }),
    slow: await record(to, {
      answer: chatEvents({ content: 'now' }, { content: ' later' }),
      gapMs: HOUR_MS,
    }),
    list: await record(to, {
      answerHeaders: [['content-type', 'application/json']],
      answer: ['{"object":"list",', '"data":[]}'],
    }),
    binary: await record(to, { answerHeaders: [['content-type', 'audio/mpeg']], answer: [binary] }),
  }
})
after(() => folder[Symbol.asyncDispose]())

const replay = (...args: readonly string[]) => runCli('replay', ...args, '--data', folder.path)

test('the answer is played channel by channel, harmless, and ends with finish and usage', async () => {
  const { out, err, code } = await replay(ids.chat)
  assert.deepEqual({ err, code }, { err: '', code: 0 })
  assert.equal(
    out,
    '-- reasoning\nhm\\u{1b}[8m\n-- text\nHel\\u{1b}[2Jlo\\u{d}\\u{202e}\n-- tool call look\n{"q":1}\n' +
      '-- complete; 5 chunks; finish stop; usage 3 in, 4 out (tokens); took 2ms\n',
  )
})

test('JSON gives every chunk with its time, bytes and text, without waiting', async () => {
  const { out, code } = await replay(ids.slow, '--json')
  assert.equal(code, 0)
  const rows = jsonLines(out)
  assert.deepEqual(
    rows.map(({ id, state, text }) => [id, state, text]),
    [
      [ids.slow, 'complete', 'now'],
      [ids.slow, 'complete', ' later'],
    ],
  )
  const [first, second] = rows
  assert.ok(Math.abs(Number(second?.['atMs']) - Number(first?.['atMs']) - HOUR_MS) < 1)
  const chat = jsonLines((await replay(ids.chat, '--json')).out)
  const bytes = chat.map((row) => Buffer.from(String(row['bytes']), 'base64').toString())
  assert.deepEqual(bytes, answer)
  assert.equal(chat[0]?.['reasoning'], 'hm\u001b[8m')
  assert.deepEqual(chat[3]?.['toolCalls'], [{ number: 0, name: 'look', arguments: '{"q"' }])
})

test('a pause of an hour passes fast with a speed or a longest wait', async () => {
  for (const options of [
    ['--speed', '999999'],
    ['--max-wait', '5ms'],
  ]) {
    const { out } = await replay(ids.slow, ...options)
    assert.match(out, /^now later\n-- complete; 2 chunks/)
  }
})

test('the original pace is kept until Ctrl-C ends it cleanly', async () => {
  await using running = startCli('replay', ids.slow, '--data', folder.path)
  await running.until('now')
  running.kill('SIGINT')
  const { out, code } = await running.ended
  assert.deepEqual({ out, code }, { out: 'now\n-- stopped\n', code: 0 })
})

test('an answer without text of a model is shown as it is, or named', async () => {
  assert.match(
    (await replay(ids.list)).out,
    /^\{"object":"list","data":\[\]\}\n-- complete; 2 chunks/,
  )
  assert.match((await replay(ids.binary)).out, /^-- not text: 2\.0 KiB/)
})

test('a pace that makes no sense is a usage error', async () => {
  for (const wrong of [
    ['--speed', '0'],
    ['--speed', 'fast'],
    ['--max-wait', '2'],
  ]) {
    const { code, out } = await replay(ids.chat, ...wrong)
    assert.deepEqual({ code, out }, { code: 2, out: '' }, wrong.join(' '))
  }
})
