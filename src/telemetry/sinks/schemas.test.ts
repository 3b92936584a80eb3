import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import * as fc from 'fast-check'
import { closedRow, EPOCH_MS } from '../../../test/store/samples.ts'
import type { ExchangeRow } from '../../model/record.ts'
import { EVENT_TYPES } from '../../model/record.ts'
import { formatEvent } from './formats.ts'
import { otlpSpans } from './otlp-spans.ts'
import { otlpLogs } from './otlp.ts'
import { objectName } from './s3-sender.ts'
import { eventOfEvidence, eventsOfExchange } from './sink-event.ts'
import type { SinkEvent } from './sink-event.ts'

const file = join(import.meta.dirname, 'golden', 'schemas.json')
const written = JSON.parse(readFileSync(file, 'utf8'))
const ajv = new Ajv2020({ strict: false, allErrors: true })
const schemaOf = (name: string): ValidateFunction =>
  ajv.compile({ $defs: written.$defs, ...written[name] })

const BY_CLASS: Readonly<Record<number, ValidateFunction>> = {
  6003: schemaOf('apiActivity'),
  2006: schemaOf('dataSecurityFinding'),
  2005: schemaOf('incidentFinding'),
}
const ECS = schemaOf('ecs')
const SPAN = schemaOf('span')
const LOG_RECORD = schemaOf('logRecord')

function holds(validate: ValidateFunction | undefined, value: unknown): void {
  assert.ok(validate !== undefined, 'there is a schema')
  assert.ok(validate(value), JSON.stringify(validate.errors, null, 1))
}

const CASE = {
  case: 'cs_1',
  number: 7,
  title: 'Who saw Bluebird?',
  status: 'contained',
  severity: 'high',
  tlp: 'amber',
  sealed: false,
  change: 'status open → contained',
  openedAtMs: EPOCH_MS,
}

/** One of each kind of evidence, and exchanges of any state. */
const events: readonly SinkEvent[] = [
  ...EVENT_TYPES.map((type, at) =>
    eventOfEvidence(`ev_${at}`, {
      type,
      atMs: EPOCH_MS + at,
      actor: at % 2 === 0 ? 'ines' : '',
      details: type === 'case.changed' ? CASE : { lock: 'lk_1', n: 1, none: null, yes: true },
      ...(at % 3 === 0 ? { records: ['ex_1'] } : {}),
    }),
  ),
  ...(
    [
      {},
      {
        state: 'refused',
        outcome: 'refused',
        verdict: 'deny',
        entities: ['IBAN_CODE'],
        status: 403,
      },
      { state: 'interrupted', outcome: 'crashed', status: null, durationMs: null, endedAtMs: null },
      { principal: '', remoteAddress: '', service: '', model: null, keyId: null },
      { dialect: 'gemini', upstream: 'vertex' },
      { dialect: 'bedrock', upstream: 'aws' },
    ] satisfies readonly Partial<ExchangeRow>[]
  ).flatMap((changes, at) => eventsOfExchange(closedRow(at + 1, changes))),
]

test('every event in the form of OCSF is valid for its class, and a case is an Incident Finding', () => {
  const classes = new Set<number>()
  for (const event of events) {
    const document = JSON.parse(formatEvent('ocsf', event, '1.2.3'))
    classes.add(document.class_uid)
    holds(BY_CLASS[document.class_uid], document)
    assert.equal(document.type_uid, document.class_uid * 100 + document.activity_id)
  }
  assert.deepEqual([...classes].toSorted(), [2005, 2006, 6003])
  const finding = JSON.parse(
    formatEvent(
      'ocsf',
      events.find(({ type }) => type === 'case.changed')!,
      '1',
    ),
  )
  assert.deepEqual(
    [finding.status, finding.severity, finding.activity_name],
    ['In Progress', 'High', 'Update'],
  )
})

test('every event in the form of ECS, as a log record and as a span is valid', () => {
  for (const event of events) holds(ECS, JSON.parse(formatEvent('ecs', event, '1.2.3')))
  const logs = JSON.parse(otlpLogs(events, '1'))
  for (const record of logs.resourceLogs[0].scopeLogs[0].logRecords) holds(LOG_RECORD, record)
  const traces = JSON.parse(otlpSpans(events, '1') ?? '')
  const { spans } = traces.resourceSpans[0].scopeSpans[0]
  assert.equal(spans.length, 6)
  for (const span of spans) holds(SPAN, span)
  assert.equal(new Set(spans.map((span: { spanId: string }) => span.spanId)).size, 6)
  const provider = /"gen_ai\.provider\.name","value":\{"stringValue":"([^"]+)"/g
  const named = Array.from(JSON.stringify(spans).matchAll(provider), ([, name]) => name)
  assert.deepEqual(named.slice(-2), ['gcp.gemini', 'aws.bedrock'])
})

test('a schema refuses what lacks a field or has a value that is not listed', () => {
  const [event] = eventsOfExchange(closedRow(1))
  const document = JSON.parse(formatEvent('ocsf', event!, '1'))
  for (const field of ['activity_id', 'actor', 'metadata', 'src_endpoint', 'time']) {
    const { [field]: _gone, ...rest } = document
    assert.equal(BY_CLASS[6003]!(rest), false, field)
  }
  assert.equal(BY_CLASS[6003]!({ ...document, severity_id: 42 }), false)
  const { service: _service, ...context } = document.message_context
  assert.equal(BY_CLASS[6003]!({ ...document, message_context: context }), false)
  const denied = JSON.parse(
    formatEvent(
      'ocsf',
      events.find(({ type }) => type === 'exchange.denied')!,
      '1',
    ),
  )
  const { profiles: _profiles, ...unprofiled } = denied.metadata
  assert.equal(BY_CLASS[2006]!({ ...denied, metadata: unprofiled }), false)
  assert.equal(ECS({ ...JSON.parse(formatEvent('ecs', event!, '1')), event: { id: 'x' } }), false)
})

test('the turns of a conversation are one trace, ids stay the same, and other events make no span', () => {
  const of = (n: number) => eventsOfExchange(closedRow(n, { conversation: 'cv_1' }))
  const text = otlpSpans([...of(1), ...of(2)], '1') ?? ''
  assert.equal(text, otlpSpans([...of(1), ...of(2)], '1'))
  assert.equal(new Set(text.match(/"traceId":"[0-9a-f]{32}"/g)).size, 1)
  assert.equal(otlpSpans([events[0]!], '1'), null)
})

test('an object of a store is named by its hour and the ids at its ends, whatever those are', () => {
  const at = Date.UTC(2026, 10, 30, 9, 5)
  const named = (id: string) =>
    objectName('llm/', [
      { ...events[0]!, id, atMs: at },
      { ...events[0]!, id: 'b' },
    ])
  assert.equal(named('a'), 'llm/2026/11/30/09/a-b-2.jsonl.gz')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (id) => {
      assert.match(named(id), /^llm\/2026\/11\/30\/09\/[\w.-]*-b-2\.jsonl\.gz$/)
    }),
    { numRuns: 40 },
  )
})
