import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { closedRow, EPOCH_MS } from '../../../test/store/samples.ts'
import { SINK_FORMATS } from '../../model/export-settings.ts'
import type { ExchangeRow } from '../../model/record.ts'
import { cefLine } from './cef.ts'
import { formatEvent } from './formats.ts'
import { otlpLogs } from './otlp.ts'
import { eventOfEvidence, eventsOfExchange } from './sink-event.ts'
import type { SinkEvent } from './sink-event.ts'
import { collectorLine } from './splunk-sender.ts'
import { framed, syslogLine } from './syslog-line.ts'
import { webhookHeaders } from './webhook-sender.ts'

const VERSION = '1.2.3'
const FOUND: Partial<ExchangeRow> = {
  state: 'refused',
  outcome: 'refused',
  status: 403,
  errorCode: 'policy.denied',
  findingsIn: ['request'],
  entities: ['EMAIL_ADDRESS', 'IBAN_CODE'],
  rules: ['email'],
  fingerprints: ['00112233aabbccdd'],
  verdict: 'deny',
  policyHash: 'ab'.repeat(32),
  decidingRule: 'no-iban',
  policyRules: ['no-iban'],
  // What a caller chooses, made to break lines, fields and readers.
  userAgent: 'evil|agent=1\\ \u202egnp.exe\u001b[2J\nCEF:0|x',
}

const events: readonly SinkEvent[] = [
  ...eventsOfExchange(closedRow(1)),
  ...eventsOfExchange(closedRow(2, FOUND)),
  eventOfEvidence('ev_00000000000000000000000001', {
    type: 'lock.set',
    atMs: EPOCH_MS,
    actor: 'ines',
    details: { lock: 'lk_1', kind: 'principal', value: 'a=b|c', expiresAtMs: null },
  }),
]

function golden(name: string, text: string): void {
  assert.equal(text, readFileSync(join(import.meta.dirname, 'golden', name), 'utf8'))
}

test('an exchange makes one event when it ended, one for findings and one for a denial', () => {
  assert.deepEqual(
    events.map(({ type }) => type),
    ['exchange.closed', 'exchange.refused', 'exchange.finding', 'exchange.denied', 'lock.set'],
  )
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length)
  assert.deepEqual(eventsOfExchange(closedRow(1)), eventsOfExchange(closedRow(1)))
  assert.deepEqual(eventsOfExchange(closedRow(1, { state: 'open' })), [])
})

for (const format of SINK_FORMATS) {
  test(`the form ${format} is what its golden file says`, () => {
    golden(`${format}.txt`, `${events.map((e) => formatEvent(format, e, VERSION)).join('\n')}\n`)
  })
}

test('log records, collector events and syslog lines are what their golden files say', () => {
  golden('otlp.txt', `${otlpLogs(events, VERSION)}\n`)
  const splunk = { index: 'llm', format: 'ocsf' } as const
  golden(
    'splunk.txt',
    `${events.map((e) => collectorLine(splunk, 'gw-1', e, VERSION)).join('\n')}\n`,
  )
  golden(
    'syslog.txt',
    `${events.map((e) => syslogLine(e, 'gw 1', cefLine(e, VERSION))).join('\n')}\n`,
  )
})

test('whatever a caller calls itself, an event stays one line of its form with nothing invisible', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(...SINK_FORMATS), (name, format) => {
      for (const event of eventsOfExchange(closedRow(1, { userAgent: name, principal: name }))) {
        const line = formatEvent(format, event, VERSION)
        // oxlint-disable-next-line no-control-regex -- these characters are what is looked for
        assert.doesNotMatch(line, /[\u0000-\u001f\u202a-\u202e\u2028\u2066-\u2069]/)
        if (format !== 'cef') JSON.parse(line)
      }
    }),
    { numRuns: 200 },
  )
})

test('a bar, an equals sign or a backslash begins no field of a CEF line', () => {
  const hostile = 'a|b=c\\d suser=root'
  const [event] = eventsOfExchange(closedRow(1, { userAgent: hostile, principal: 'ines' }))
  const line = cefLine(event!, VERSION)
  assert.equal(line.split(/(?<!\\)\|/).length, 8 + 1)
  assert.match(line, /requestClientApplication=a\|b\\=c\\\\d suser\\=root /)
})

test('a frame says its length in bytes', () => {
  assert.equal(framed('grüßt').toString(), '7 grüßt')
})

test('a webhook is signed as the specification has it', () => {
  // The example of the Standard Webhooks specification.
  const headers = webhookHeaders(
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    1614265330,
    '{"test": 2432232314}',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  )
  assert.equal(headers['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test('no form holds a place in segments or a digest of content', () => {
  for (const format of SINK_FORMATS) {
    const text = events.map((event) => formatEvent(format, event, VERSION)).join('\n')
    assert.doesNotMatch(text, /openOffset|contextEnd|answerDigest/, format)
  }
})
