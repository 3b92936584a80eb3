import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { jsonLines, runCli } from '../../../test/harness/cli.ts'
import {
  chatBody,
  openTestEvidence,
  temporaryFolder,
  wholeBody,
  type TemporaryFolder,
} from '../../../test/harness/evidence.ts'
import { chatEvents, record } from '../../../test/harness/recorded.ts'
import { listAt, numberAt, textAt, valueAt } from '../../lib/json/loose.ts'
import type { ExchangeId } from '../../lib/ids.ts'
import { newExchangeId } from '../../lib/ids.ts'

const HOSTILE = 'a\u001b]0;x\u0007\u202eb\rc'
// oxlint-disable-next-line no-control-regex -- what must not be there
const DANGEROUS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/
const binary = randomBytes(3000)
const chat = chatBody([
  { role: 'system', text: 'Be brief.' },
  { role: 'user', text: `Grüße ${HOSTILE}\nexchange   faked` },
])
const answer = chatEvents(
  { reasoning_content: 'hm' },
  { content: `Hi ${HOSTILE}` },
  { content: ' there' },
  { tool_calls: [{ index: 0, id: 'c1', function: { name: 'look', arguments: '{"q":1}' } }] },
)

let parent: TemporaryFolder
let folder: string
let ids: Record<'chat' | 'binary' | 'gzip' | 'open', ExchangeId>

before(async () => {
  parent = await temporaryFolder()
  folder = join(parent.path, 'data')
  await using to = await openTestEvidence(folder)
  ids = {
    chat: await record(to, {
      body: wholeBody(chat.bytes, chat.spans),
      answer,
      facts: { context: { end: 'e'.repeat(32), parent: null, answer: null } },
      closing: {
        approval: {
          approval: 'ap_1',
          state: 'approved',
          grant: 'gr_1',
          attempt: 1,
          waitedMs: 61_000,
          keptAlive: { by: 'comments', times: 4, firstAfterMs: 15_000, isBegun: true },
        },
      },
    }),
    binary: await record(to, {
      body: wholeBody(binary),
      answerHeaders: [['content-type', 'audio/mpeg']],
      answer: [binary.subarray(0, 1000), binary.subarray(1000)],
    }),
    gzip: await record(to, {
      answerHeaders: [
        ['Content-Type', 'text/event-stream'],
        ['Content-Encoding', 'gzip'],
      ],
      // Cut off in the middle, as when the provider's connection breaks.
      answer: [gzipSync(answer.join('')).subarray(0, -9)],
    }),
    open: await record(to, { closing: null }),
  }
})
after(() => parent[Symbol.asyncDispose]())

const show = (...args: readonly string[]) => runCli('show', ...args, '--data', folder)

test('raw gives exactly the bytes of one body', async () => {
  assert.deepEqual((await show(ids.chat, '--raw', '--request')).bytes, chat.bytes)
  assert.deepEqual((await show(ids.chat, '--raw', '--answer')).bytes, Buffer.from(answer.join('')))
  assert.deepEqual((await show(ids.binary, '--raw', '--request')).bytes, binary)
  assert.deepEqual((await show(ids.binary, '--raw', '--answer')).bytes, binary)
})

test('raw without a choice gives heads and bodies in order, untouched', async () => {
  const { bytes, code } = await show(ids.binary, '--raw')
  const head =
    'POST /openai/v1/chat/completions?x=1 HTTP/1.1\r\nhost: gateway.test\r\nUser-Agent: tests/1\r\n' +
    'authorization: (removed)\r\n\r\n'
  const answerHead = '\r\nHTTP/1.1 200\r\ncontent-type: audio/mpeg\r\n\r\n'
  assert.deepEqual(
    bytes,
    Buffer.concat([Buffer.from(head), binary, Buffer.from(answerHead), binary]),
  )
  assert.equal(code, 0)
})

test('the readable form says who, shows the context window and puts the answer together', async () => {
  const { out, err, code } = await show(ids.chat)
  assert.deepEqual({ err, code }, { err: '', code: 0 })
  assert.match(out, /^exchange +ex_\w+ +complete$/m)
  assert.match(
    out,
    /^caller +ada@example\.test \(person\), proven by gateway-key, service billing/m,
  )
  assert.match(out, /^declared +service batch \(not proven\)$/m)
  assert.match(out, /^linked +cx_e{32}\w{10} \(by what was said\)$/m)
  assert.match(
    out,
    /^approval +ap_1 approved, waited .+, the caller kept on the line by comments, 4 times from .+ on, status 200 given/m,
  )
  assert.match(out, /^usage +3 in, 4 out/m)
  assert.match(out, /^request: 2 blocks/m)
  assert.match(out, /^ {2}system, 39 B\n {4}\| Be brief\.$/m)
  assert.match(out, /^ {2}reasoning\n {4}\| hm\n {2}text\n {4}\| Hi a\\u\{1b\}.* there$/m)
  assert.match(out, /^ {2}tool call look \(c1\)\n {4}\| \{"q":1\}$/m)
})

test('recorded text neither drives the terminal nor passes for a line of ours', async () => {
  const { out } = await show(ids.chat)
  assert.doesNotMatch(out, DANGEROUS)
  assert.equal(out.match(/^exchange /gm)?.length, 1)
  assert.match(out, /^ {4}\| exchange {3}faked$/m)
  const json = await show(ids.chat, '--json')
  assert.doesNotMatch(json.out, DANGEROUS)
})

test('request and answer can be shown alone', async () => {
  const request = await show(ids.chat, '--request')
  assert.match(request.out, /^request: /)
  assert.doesNotMatch(request.out, /^answer: /m)
  assert.match((await show(ids.chat, '--answer')).out, /^answer: status 200/)
})

test('a body that is no text is named, not printed', async () => {
  const { out } = await show(ids.binary)
  assert.equal(out.match(/not text; --raw/g)?.length, 2)
})

test('an encoded answer that was cut off is read as far as it goes', async () => {
  const { out } = await show(ids.gzip, '--answer')
  assert.match(out, /\| Hi a\\u\{1b\}/)
})

test('JSON holds the whole record', async () => {
  const [found] = jsonLines((await show(ids.chat, '--json')).out)
  assert.ok(found)
  const at = (...path: readonly (string | number)[]): unknown =>
    path.reduce<unknown>((at, key) => valueAt(at, key), found)
  assert.equal(at('id'), ids.chat)
  assert.equal(at('state'), 'complete')
  assert.equal(at('facts', 'principal', 'method'), 'gateway-key')
  assert.equal(at('closing', 'outcome'), 'answered')
  assert.equal(at('request', 'body', 'text'), chat.bytes.toString())
  assert.deepEqual(Buffer.from(String(at('request', 'body', 'base64')), 'base64'), chat.bytes)
  assert.equal(at('request', 'blocks', 1, 'role'), 'user')
  assert.equal(at('answer', 'head', 'status'), 200)
  assert.equal(at('answer', 'body', 'text'), answer.join(''))
  assert.equal(at('answer', 'view', 'text'), `Hi ${HOSTILE} there`)
  assert.deepEqual(
    listAt(found, 'answer', 'chunks').map((chunk) =>
      Buffer.from(textAt(chunk, 'base64') ?? '', 'base64').toString(),
    ),
    answer,
  )
  assert.deepEqual(at('problems'), [])
  const [other] = jsonLines((await show(ids.binary, '--json')).out)
  assert.equal(valueAt(other, 'request', 'body', 'text'), null)
})

test('an exchange left open by a crash shows what had been received', async () => {
  const { out } = await show(ids.open)
  assert.match(out, /^exchange +ex_\w+ +interrupted$/m)
  assert.match(out, /\| Hi\./)
})

test('an unknown id is not found, text that is no id is a usage error', async () => {
  const unknown = await show(newExchangeId(Date.now()))
  assert.equal(unknown.code, 3)
  assert.match(unknown.err, /^error: no exchange ex_\w+ is recorded in .*\nhint: /)
  for (const text of [`${ids.chat}x`, '../x\u001b[2J']) {
    const ran = await show(text)
    assert.equal(ran.code, 2, text)
    assert.doesNotMatch(ran.err, DANGEROUS)
  }
  assert.equal((await show(ids.chat, '--json', '--raw')).code, 2)
  assert.equal((await show(ids.chat, '--request', '--answer')).code, 2)
})

test('a record that does not verify is reported loudly', async () => {
  const damaged = join(parent.path, 'damaged')
  await cp(folder, damaged, { recursive: true })
  const [instance] = readdirSync(join(damaged, 'segments'))
  const path = join(damaged, 'segments', instance!, '0000000001.seg')
  const [document] = jsonLines((await show(ids.chat, '--json')).out)
  const closing = listAt(document, 'frames').find((frame) => textAt(frame, 'type') === 'closing')
  const bytes = readFileSync(path)
  const at = numberAt(closing, 'address', 'offset')! + numberAt(closing, 'bytes')! - 8
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
  const ran = await runCli('show', ids.chat, '--data', damaged)
  assert.equal(ran.code, 1)
  assert.match(ran.err, /^error: this record does not verify:\n {2}\S/m)
})
