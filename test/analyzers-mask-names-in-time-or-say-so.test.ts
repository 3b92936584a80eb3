import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import OpenAI from 'openai'
import type { AnalyzerPlan, MaskingPlan } from '../src/detect/masking-plan.ts'
import { createAnalyzerDesk } from '../src/gateway/analyzers/analyzer-desk.ts'
import type { AnalyzerDesk } from '../src/gateway/analyzers/analyzer-desk.ts'
import { BREAKER_LIMITS } from '../src/gateway/analyzers/circuit-breaker.ts'
import { systemClock } from '../src/lib/clock.ts'
import { scanJson } from '../src/lib/json/scan.ts'
import { spliced } from '../src/lib/spliced.ts'
import { inspectRequest } from '../src/gateway/masking/inspect-request.ts'
import type { RequestInspection } from '../src/gateway/masking/inspect-request.ts'
import {
  answerTools,
  maskingOf,
  maskingPlan,
  shownOf,
  viewOfAnswer,
} from './harness/masked-answer.ts'
import { startGateway } from './harness/gateway.ts'
import { startTestAnalyzer } from './harness/presidio.ts'
import type { AnalyzerMood, TestAnalyzer } from './harness/presidio.ts'
import { splitAt, STREAMED_SURFACES, STREAMED_TOOLS, streamOf } from './harness/stream-splits.ts'

const WORDS = { 'Ann Lee': 'PERSON', 'Bob 🎈': 'PERSON', Oslo: 'LOCATION' }
const MAIL = 'zq.wxyzk@kjqvx.org'
const SAID = `🎈 Ann Lee wrote ${MAIL}. She lives in Oslo with Bob 🎈 now.`
const SHOWN = '🎈 <PERSON> wrote <EMAIL_ADDRESS>. She lives in <LOCATION> with <PERSON> now.'

let analyzer: TestAnalyzer
let desk: AnalyzerDesk

before(async () => {
  analyzer = await startTestAnalyzer(WORDS)
  desk = createAnalyzerDesk(systemClock)
})
after(async () => {
  await desk[Symbol.asyncDispose]()
  await analyzer[Symbol.asyncDispose]()
})

function presidio(changes: Partial<AnalyzerPlan> = {}): AnalyzerPlan {
  return {
    kind: 'presidio',
    directions: ['request', 'response'],
    entities: [],
    threshold: 0.5,
    deadlineMs: 20_000,
    late: 'block',
    url: analyzer.url,
    language: 'en',
    ...changes,
  }
}

function planned(...analyzers: AnalyzerPlan[]): { readonly plan: MaskingPlan } {
  return { plan: maskingPlan({ analyzers }) }
}

/** A desk of its own: no memory of the faults of others. */
async function requestWith(
  plan: AnalyzerPlan,
  content: unknown = SAID,
): Promise<RequestInspection & { readonly sent: string }> {
  await using own = createAnalyzerDesk(systemClock)
  const body = Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }] }))
  const scan = scanJson(body, { depthMax: 64, elementsMax: 1000 })
  assert.ok(scan.kind !== 'problem')
  const tools = { ...answerTools(), analyzers: own }
  const question = { tape: scan.tape, blocks: [], ...planned(plan), scope: 'me' }
  const inspection = await inspectRequest(tools, question)
  return { ...inspection, sent: spliced(body, inspection.splices).toString() }
}

test('a prompt is masked where the analyzer says, counted in code points, and it never sees what rules found', async () => {
  analyzer.questions.length = 0
  const { sent, findings } = await requestWith(presidio({ entities: ['PERSON', 'LOCATION'] }))
  assert.equal(JSON.parse(sent).messages[0].content, SHOWN)
  assert.deepEqual(findings.map(({ entity, rule }) => `${entity} ${rule}`).toSorted(), [
    'EMAIL_ADDRESS email',
    'LOCATION analyzer-presidio',
    'PERSON analyzer-presidio',
    'PERSON analyzer-presidio',
  ])
  const [asked] = analyzer.questions
  assert.deepEqual(asked, {
    text: [SAID.replace(MAIL, '<EMAIL_ADDRESS>')],
    language: 'en',
    entities: ['PERSON', 'LOCATION'],
    threshold: 0.5,
  })
})

test('escapes, tool arguments and JSON in texts keep their spelling around the masks', async () => {
  const input = { note: 'said "Ann Lee"\n\u0041 in Oslo', n: 4, list: ['Oslo'] }
  const { sent } = await requestWith(presidio(), [{ type: 'tool_use', name: 'send', input }])
  const [tool] = JSON.parse(sent).messages[0].content
  assert.deepEqual(tool.input, {
    note: 'said "<PERSON>"\nA in <LOCATION>',
    n: 4,
    list: ['<LOCATION>'],
  })
})

const FAULTS: readonly AnalyzerMood[] = [
  'error',
  'not-json',
  'other-shape',
  'far-offsets',
  'short-list',
  'cut',
]

test('a broken answer is no answer: it passes with a note, masks the text, or stops the request', async () => {
  for (const mood of FAULTS) {
    analyzer.mood = mood
    const passed = await requestWith(presidio({ late: 'pass' }))
    assert.equal(JSON.parse(passed.sent).messages[0].content, SAID.replace(MAIL, '<EMAIL_ADDRESS>'))
    assert.deepEqual(
      passed.uninspected.map(({ reason }) => reason),
      ['analyzer-failed'],
      mood,
    )
    const masked = await requestWith(presidio({ late: 'mask' }))
    assert.equal(JSON.parse(masked.sent).messages[0].content, '<NOT_ANALYZED>', mood)
    await assert.rejects(requestWith(presidio({ late: 'block' })), /did not answer/, mood)
  }
  analyzer.mood = 'well'
  const nobody = await startTestAnalyzer({})
  await nobody[Symbol.asyncDispose]()
  await assert.rejects(requestWith(presidio({ url: nobody.url })), /did not answer/)
})

test('an answer that comes after the deadline is late, and says so', async () => {
  analyzer.mood = 'silent'
  const { uninspected } = await requestWith(presidio({ late: 'pass', deadlineMs: 30 }))
  assert.deepEqual(
    uninspected.map(({ reason }) => reason),
    ['analyzer-late'],
  )
  await assert.rejects(requestWith(presidio({ deadlineMs: 30 })), /did not answer/)
  analyzer.mood = 'well'
  analyzer.release()
})

test('what was not analyzed is asked again on the next turn, and what was is not', async () => {
  const tools = { ...answerTools(), analyzers: desk }
  const text = Buffer.from(JSON.stringify({ messages: [{ role: 'user', content: 'Ann Lee' }] }))
  const turn = async (): Promise<RequestInspection> => {
    const scan = scanJson(text, { depthMax: 64, elementsMax: 1000 })
    assert.ok(scan.kind !== 'problem')
    const start = text.indexOf('{"role"')
    const blocks = [{ start, end: text.length - 2, role: 'user' as const, marked: false }]
    const question = {
      tape: scan.tape,
      blocks,
      ...planned(presidio({ late: 'pass' })),
      scope: 'me',
    }
    return inspectRequest(tools, question)
  }
  analyzer.mood = 'error'
  assert.equal((await turn()).splices.length, 0)
  analyzer.mood = 'well'
  assert.equal((await turn()).splices.length, 1)
  analyzer.questions.length = 0
  assert.equal((await turn()).splices.length, 1)
  assert.equal(analyzer.questions.length, 0)
})

test('after failures in a row nobody is asked any more', async () => {
  await using own = createAnalyzerDesk(systemClock)
  analyzer.mood = 'error'
  analyzer.questions.length = 0
  for (let nth = 0; nth < BREAKER_LIMITS.failures + 3; nth += 1) {
    const [analysis] = await own.analyze([presidio()], ['Ann Lee'])
    assert.equal(analysis?.missing?.reason, 'analyzer-failed')
  }
  assert.equal(analyzer.questions.length, BREAKER_LIMITS.failures)
  analyzer.mood = 'well'
})

test('two analyzers are asked at once; the surer one of overlapping spans wins, the strictest missing one decides', async () => {
  const names = presidio({ kind: 'names', entities: ['PERSON', 'LOCATION'], url: '' })
  const { sent } = await requestWith(names, 'Yesterday Maria Garcia flew to Paris.')
  assert.equal(JSON.parse(sent).messages[0].content, 'Yesterday <PERSON> flew to <LOCATION>.')
  await using own = createAnalyzerDesk(systemClock)
  analyzer.mood = 'error'
  const plans = [names, presidio({ late: 'mask' })]
  const [analysis] = await own.analyze(plans, ['Maria Garcia flew.'])
  assert.equal(analysis?.missing?.late, 'mask')
  assert.deepEqual(
    analysis.spans.map(({ rule }) => rule),
    ['analyzer-names'],
  )
  analyzer.mood = 'well'
})

for (const surface of STREAMED_SURFACES) {
  test(`${surface.name}: a stream leaves sentence by sentence with its names masked, however it is cut`, async () => {
    const answer = streamOf(surface, { text: SAID, events: 19 })
    const tools = { ...answerTools(), analyzers: desk }
    const places = fc.array(fc.nat(answer.bytes.length), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(places, async (at) => {
        const masking = maskingOf(answer, { ...planned(presidio()), tools })
        const shown = await shownOf(masking, splitAt(answer.bytes, at))
        assert.equal(viewOfAnswer(answer, shown).text, SHOWN)
        for (const word of Object.keys(WORDS)) assert.ok(!shown.includes(word), word)
        const { splices, findings } = masking.report()
        assert.ok(spliced(answer.bytes, splices).equals(shown))
        const person = findings.find(({ entity }) => entity === 'PERSON')
        assert.equal(SAID.slice(person?.start, person?.end), 'Ann Lee')
      }),
      { numRuns: 4 },
    )
  })
}

for (const surface of STREAMED_TOOLS) {
  test(`${surface.name}: arguments are analyzed when they are whole, and stay JSON`, async () => {
    const text = JSON.stringify({ who: 'Ann Lee', mail: MAIL, where: ['in Oslo'] })
    const body = JSON.parse(
      JSON.stringify(surface.body).replaceAll(
        JSON.stringify(askedOf(surface.body)).slice(1, -1),
        () => JSON.stringify(text).slice(1, -1),
      ),
    )
    const answer = streamOf({ ...surface, body }, {})
    const tools = { ...answerTools(), analyzers: desk }
    const masking = maskingOf(answer, { ...planned(presidio()), tools })
    const shown = await shownOf(masking, answer.pieces)
    const [call] = viewOfAnswer(answer, shown).toolCalls
    assert.deepEqual(JSON.parse(call?.arguments ?? ''), {
      who: '<PERSON>',
      mail: '<EMAIL_ADDRESS>',
      where: ['in <LOCATION>'],
    })
    assert.ok(!shown.includes('Ann Lee') && !shown.includes('Oslo'))
  })
}

/** The arguments that a surface of the harness asks its tool with. */
function askedOf(body: object): string {
  const [found] = /\{\\"to\\":(?:[^"\\]|\\.)*/.exec(JSON.stringify(body)) ?? []
  return JSON.parse(`"${found}"`)
}

test('an analyzer that does not answer lets sentences pass with a note, masks them, or ends the stream', async () => {
  const [surface] = STREAMED_SURFACES
  assert.ok(surface !== undefined)
  const answer = streamOf(surface, { text: SAID, events: 19 })
  analyzer.mood = 'error'
  for (const late of ['pass', 'mask'] as const) {
    await using own = createAnalyzerDesk(systemClock)
    const tools = { ...answerTools(), analyzers: own }
    const masking = maskingOf(answer, { ...planned(presidio({ late })), tools })
    const shown = await shownOf(masking, answer.pieces)
    const { text } = viewOfAnswer(answer, shown)
    if (late === 'pass') assert.equal(text, SAID.replace(MAIL, '<EMAIL_ADDRESS>'))
    else assert.match(text, /^(?:<NOT_ANALYZED>)+$/)
    assert.ok(masking.report().uninspected.every(({ reason }) => reason === 'analyzer-failed'))
    assert.ok(masking.report().uninspected.length > 0)
  }
  await using own = createAnalyzerDesk(systemClock)
  const tools = { ...answerTools(), analyzers: own }
  const masking = maskingOf(answer, { ...planned(presidio()), tools })
  await assert.rejects(shownOf(masking, answer.pieces), /An analyzer did not answer in time/)
  analyzer.mood = 'well'
})

test('through the gateway: prompt and stream are masked for a real client, and the record says by whom', async () => {
  await using gateway = await startGateway({
    yaml: `masking: { packs: [pii], analyzers: { presidio: { url: '${analyzer.url}', deadline: 20s } } }\n`,
  })
  const client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/openai/v1` })
  const { data, response } = await client.chat.completions
    .create({
      model: 'echo',
      stream: true,
      messages: [{ role: 'user', content: 'Where is Ann Lee?' }],
    })
    .withResponse()
  let said = ''
  for await (const chunk of data) said += chunk.choices[0]?.delta.content ?? ''
  assert.equal(said, 'Where is <PERSON>?')
  const [sent] = gateway.sandbox.received()
  assert.ok(!Buffer.from(sent?.body ?? '', 'base64').includes('Ann Lee'))
  const record = await gateway.recorded(response.headers.get('x-custody-exchange'))
  assert.deepEqual(
    record.facts.findings?.map(({ rule, entity }) => [rule, entity]),
    [['analyzer-presidio', 'PERSON']],
  )
  assert.equal(record.row.state, 'complete')
})
