import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanJson } from '../src/lib/json/scan.ts'
import { dialectByName } from '../src/dialects/registry.ts'
import type { DialectName } from '../src/model/dialect.ts'
import { requestDocuments } from '../src/gateway/masking/request-documents.ts'
import { maskingOf, shownOf } from './harness/masked-answer.ts'
import type { AnswerQuestion } from '../src/gateway/masking/answer-masking.ts'

const EMAIL = 'jane.doe@example.org'
const TEXT = `🎈 Grüße, write ${EMAIL} or read the handbook, ${EMAIL}.`
const SHOWN = '🎈 Grüße, write <EMAIL_ADDRESS> or read the handbook, <EMAIL_ADDRESS>.'
/** Places of `needle` as providers count them. */
const points = (text: string, needle: string): readonly [number, number] => {
  const start = Array.from(text.slice(0, text.indexOf(needle))).length
  return [start, start + Array.from(needle).length]
}
const bytesOf = (text: string, needle: string): readonly [number, number] => {
  const start = Buffer.byteLength(text.slice(0, text.indexOf(needle)))
  return [start, start + Buffer.byteLength(needle)]
}
const TAIL = 'the handbook'

function sse(events: readonly object[]): Buffer {
  return Buffer.from(
    events
      .map((event) => {
        const name = 'type' in event ? `event: ${String(event.type)}\n` : ''
        return `${name}data: ${JSON.stringify(event)}\n\n`
      })
      .join(''),
  )
}

function eventsIn(bytes: Buffer): readonly Record<string, never>[] {
  return bytes
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)))
}

async function shown(
  name: DialectName,
  path: string,
  contentType: string,
  chunks: readonly Buffer[],
  changes: Partial<AnswerQuestion> = {},
): Promise<Buffer> {
  const dialect = dialectByName(name)
  const [bare = '', query] = path.split('?')
  const surface = dialect.recognise({
    method: 'POST',
    path: bare,
    query: query === undefined ? '' : `?${query}`,
  })
  assert.ok(surface !== null)
  return shownOf(maskingOf({ dialect, surface, contentType }, changes), chunks)
}

/** Every cut into two, and single bytes. */
function cuts(bytes: Buffer, step: number): readonly (readonly Buffer[])[] {
  const all: Buffer[][] = [[bytes], [...bytes].map((byte) => Buffer.from([byte]))]
  for (let at = 1; at < bytes.length; at += step)
    all.push([bytes.subarray(0, at), bytes.subarray(at)])
  return all
}

const annotation = (text: string): object => {
  const [start_index, end_index] = points(text, TAIL)
  return { type: 'url_citation', start_index, end_index, url: 'https://x.example', title: 'H' }
}

function responsesStream(): Buffer {
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 }
  const part = { type: 'output_text', text: TEXT, annotations: [annotation(TEXT)] }
  const item = { id: 'msg_1', type: 'message', role: 'assistant', content: [part] }
  const pieces = TEXT.match(/[\s\S]{1,5}/gu) ?? []
  const half = pieces.length >> 1
  const delta = (one: string): object => ({
    type: 'response.output_text.delta',
    ...at,
    delta: one,
  })
  return sse([
    { type: 'response.output_item.added', output_index: 0, item: { ...item, content: [] } },
    ...pieces.slice(0, half).map(delta),
    // It points into text that has not come yet, and stands before it.
    {
      type: 'response.output_text.annotation.added',
      ...at,
      annotation_index: 0,
      annotation: annotation(TEXT),
    },
    ...pieces.slice(half).map(delta),
    { type: 'response.output_text.done', ...at, text: TEXT },
    { type: 'response.content_part.done', ...at, part },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: { id: 'r', output: [item] } },
  ])
}

test('annotations of streamed responses and of every snapshot point at the same words, at every cut', async () => {
  const bytes = responsesStream()
  for (const chunks of cuts(bytes, 37)) {
    const events = eventsIn(await shown('openai', '/v1/responses', 'text/event-stream', chunks))
    const text = events.map((event) => event['delta'] ?? '').join('')
    assert.equal(text, SHOWN)
    const found = JSON.stringify(events).match(/"start_index":\d+,"end_index":\d+/g) ?? []
    const [start, end] = points(SHOWN, TAIL)
    assert.equal(found.length, 4)
    for (const one of found) assert.equal(one, `"start_index":${start},"end_index":${end}`)
    const types = events.map((event) => String(event['type']))
    assert.equal(types.at(-1), 'response.completed')
    assert.ok(
      types.indexOf('response.output_text.annotation.added') <
        types.indexOf('response.output_text.done'),
    )
  }
})

test('annotations of chat completions are moved, streamed and whole', async () => {
  const [start_index, end_index] = points(TEXT, TAIL)
  const annotations = [{ type: 'url_citation', url_citation: { start_index, end_index, url: 'u' } }]
  const chunk = (delta: object, finish: string | null): object => ({
    id: 'c',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })
  const stream = sse([
    ...(TEXT.match(/[\s\S]{1,4}/gu) ?? []).map((content) => chunk({ content }, null)),
    chunk({ annotations }, null),
    chunk({}, 'stop'),
  ])
  const whole = Buffer.from(
    JSON.stringify({
      choices: [{ index: 0, message: { role: 'assistant', content: TEXT, annotations } }],
    }),
  )
  const [start, end] = points(SHOWN, TAIL)
  const wanted = `"start_index":${start},"end_index":${end}`
  for (const chunks of cuts(stream, 41)) {
    const out = await shown('openai', '/v1/chat/completions', 'text/event-stream', chunks)
    assert.ok(out.includes(wanted), out.toString())
    assert.ok(!out.includes('jane'))
  }
  const out = await shown('openai', '/v1/chat/completions', 'application/json', [whole])
  assert.ok(out.includes(wanted))
  assert.ok(out.includes(SHOWN))
})

test('grounding and citations of Gemini count bytes; a quote that cuts a value shows its mask', async () => {
  const [startIndex, endIndex] = bytesOf(TEXT, TAIL)
  const cut = TEXT.slice(0, TEXT.indexOf(EMAIL) + 8)
  const metadata = {
    groundingMetadata: {
      groundingSupports: [
        { segment: { startIndex, endIndex, text: TAIL }, groundingChunkIndices: [0] },
        { segment: { endIndex: Buffer.byteLength(cut), text: cut } },
      ],
    },
    citationMetadata: { citationSources: [{ startIndex, endIndex, uri: 'u' }] },
  }
  const candidate = (parts: object[], more: object): object => ({
    candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
  })
  const stream = sse([
    ...(TEXT.match(/[\s\S]{1,6}/gu) ?? []).map((text) => candidate([{ text }], {})),
    candidate([{ text: '' }], { finishReason: 'STOP', ...metadata }),
  ])
  const whole = Buffer.from(
    JSON.stringify(candidate([{ text: TEXT }], { finishReason: 'STOP', ...metadata })),
  )
  const [start, end] = bytesOf(SHOWN, TAIL)
  const check = (out: Buffer): void => {
    const [place, quote] =
      /"groundingSupports":.*/.exec(out.toString())?.[0].match(/"segment":\{[^}]*\}/g) ?? []
    assert.equal(place, `"segment":{"startIndex":${start},"endIndex":${end},"text":"${TAIL}"}`)
    assert.ok(quote?.includes('write <EMAIL_ADDRESS>"'), quote)
    assert.ok(out.includes(`"citationSources":[{"startIndex":${start},"endIndex":${end}`))
    assert.ok(!out.includes('jane'), out.toString())
  }
  const path = '/v1beta/models/m:streamGenerateContent?alt=sse'
  for (const chunks of cuts(stream, 43))
    check(await shown('gemini', path, 'text/event-stream', chunks))
  check(await shown('gemini', '/v1beta/models/m:generateContent', 'application/json', [whole]))
})

/** The provider saw a masked document and cites it; the caller looks it up in its own. */
test('citations of a masked document point into the document as the caller has it', async () => {
  const data = `Contact: ${EMAIL}. The fee is 5 euros. 🎈`
  const body = Buffer.from(
    JSON.stringify({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'document', source: { type: 'base64', data: 'AAAA' } },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data } },
          ],
        },
      ],
    }),
  )
  const at = body.indexOf(EMAIL)
  const splices = [{ start: at, end: at + EMAIL.length, with: '<EMAIL_ADDRESS>' }]
  const scan = scanJson(body, { depthMax: 64, elementsMax: 1000 })
  assert.ok(scan.kind !== 'problem')
  const documents = requestDocuments(scan.tape, splices)
  assert.equal(documents[0], null)
  const fee = 'The fee is 5 euros.'
  const [start_char_index, end_char_index] = points(data.replace(EMAIL, '<EMAIL_ADDRESS>'), fee)
  const citation = {
    type: 'char_location',
    cited_text: fee,
    document_index: 1,
    start_char_index,
    end_char_index,
  }
  const stream = sse([
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'text', text: '', citations: [] },
    },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Five.' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'citations_delta', citation } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_stop' },
  ])
  const whole = Buffer.from(
    JSON.stringify({
      type: 'message',
      content: [{ type: 'text', text: 'Five.', citations: [citation] }],
    }),
  )
  const [start, end] = points(data, fee)
  const wanted = `"start_char_index":${start},"end_char_index":${end}`
  const options = { documents: () => documents }
  for (const chunks of cuts(stream, 29)) {
    const out = await shown('anthropic', '/v1/messages', 'text/event-stream', chunks, options)
    assert.ok(out.includes(wanted), out.toString())
  }
  const out = await shown('anthropic', '/v1/messages', 'application/json', [whole], options)
  assert.ok(out.includes(wanted), out.toString())
  const place = { documentIndex: 1, start: start_char_index, end: end_char_index }
  const converse = Buffer.from(
    JSON.stringify({
      output: {
        message: {
          content: [
            {
              citationsContent: {
                content: [{ text: 'Five.' }],
                citations: [{ location: { documentChar: place } }],
              },
            },
          ],
        },
      },
    }),
  )
  const bedrock = await shown(
    'bedrock',
    '/model/m/converse',
    'application/json',
    [converse],
    options,
  )
  assert.ok(bedrock.includes(`"start":${start},"end":${end}`), bedrock.toString())
})
