/** The typed fields of a query: what each is called, what it means, and which column of the index it asks. */
import type { FacetField, NumberField } from '../exchange-query.ts'
import { OUTCOMES } from '../record.ts'
import type { Unit } from './quantities.ts'

interface Field {
  readonly says: string
  /** The filter and facet of the API that it asks; null where there is none. */
  readonly facet: FacetField | null
  /** What it measures, where it takes `>`, `<` and ranges. */
  readonly number: NumberField | null
  readonly unit: Unit | null
  /** `one` value that says where in time or how long; it can be neither turned round nor listed. */
  readonly takes: 'values' | 'one'
  readonly samples: readonly string[]
  /** Nothing but the samples. */
  readonly isClosed?: true
  /** What a value looks like, and what is said of one that does not. */
  readonly shape?: { readonly pattern: RegExp; readonly message: string }
}

const text = (says: string, facet: FacetField, samples: readonly string[] = []): Field => ({
  says,
  facet,
  number: null,
  unit: null,
  takes: 'values',
  samples,
})

const closed = (says: string, facet: FacetField, samples: readonly string[]): Field => ({
  ...text(says, facet, samples),
  isClosed: true,
})

const measure = (
  says: string,
  number: NumberField,
  unit: Unit,
  samples: readonly string[],
): Field => ({ says, facet: null, number, unit, takes: 'values', samples })

const one = (
  says: string,
  number: NumberField,
  unit: Unit,
  samples: readonly string[] = [],
): Field => ({ ...measure(says, number, unit, samples), takes: 'one' })

export const FIELDS = {
  principal: text('who sent it, as proven', 'principal'),
  service: text('service that the credential proves', 'service'),
  model: text('model; gpt-5* for all that begin so', 'model'),
  upstream: text('where it was sent', 'upstream'),
  state: closed('how far it came', 'state', ['complete', 'open', 'interrupted', 'refused']),
  outcome: text('how it ended', 'outcome', OUTCOMES),
  status: {
    ...text('HTTP status; 5xx for a class, 500..599, >=400', 'status', [
      '2xx',
      '4xx',
      '5xx',
      '429',
    ]),
    number: 'status',
    unit: 'count',
    shape: {
      pattern: /^(?:[1-5]\d\d|[1-5]xx|)$/u,
      message: 'A status is a number, or a class: 5xx.',
    },
  },
  error: text('the gateway’s own error code', 'errorCode'),
  key: text('gateway key', 'keyId'),
  surface: text('what was called; openai.* for a family', 'surface'),
  dialect: text('wire format', 'dialect', ['openai', 'anthropic', 'gemini', 'bedrock', 'ollama']),
  route: text('name of the route', 'route'),
  finding: closed('where detection saw something', 'finding', ['request', 'answer']),
  entity: text('what detection saw', 'entity'),
  rule: text('detector rule that saw it', 'rule'),
  fingerprint: {
    ...text('one found value, by its fingerprint or the first digits', 'fingerprint'),
    shape: { pattern: /^[0-9a-f]{0,64}$/u, message: 'A fingerprint is hexadecimal digits.' },
  },
  tool: text('tool that the request offers; mcp__* for a family', 'tool'),
  verdict: closed('what the policy decided', 'verdict', ['allow', 'mask', 'hold', 'deny']),
  policy: text('policy rule that fired', 'policyRule'),
  tag: text('tag that a policy rule gave', 'tag'),
  duration: measure('how long it took: >2s, 1s..5s', 'durationMs', 'duration', ['>2s', '>10s']),
  'tokens-in': measure('tokens of the request: >100000', 'inputTokens', 'count', ['>100000']),
  'tokens-out': measure('tokens of the answer', 'outputTokens', 'count', ['>1000']),
  'bytes-in': measure('size of the request body: >1mb', 'requestBytes', 'bytes', ['>1mb']),
  'bytes-out': measure('size of the answer', 'answerBytes', 'bytes', ['>1mb']),
  time: measure('when it came, UTC: 2026-11-01..2026-11-07', 'receivedAtMs', 'moment', []),
  last: one('time until now', 'receivedAtMs', 'duration', [
    '15m',
    '1h',
    '6h',
    '24h',
    '7d',
    '30d',
    '365d',
  ]),
  after: one('from this moment on, UTC', 'receivedAtMs', 'moment'),
  before: one('up to this moment, UTC', 'receivedAtMs', 'moment'),
  slower: one('took at least', 'durationMs', 'duration', ['500ms', '2s', '10s', '1m']),
  faster: one('took at most', 'durationMs', 'duration', ['500ms', '2s', '10s', '1m']),
  conversation: {
    says: 'conversation that the caller declared',
    facet: null,
    number: null,
    unit: null,
    takes: 'values',
    samples: [],
  },
} as const satisfies Readonly<Record<string, Field>>

export type FieldName = keyof typeof FIELDS

export const FIELD_NAMES: readonly FieldName[] = Object.keys(FIELDS).filter(isFieldName)

export function isFieldName(text: string): text is FieldName {
  return Object.hasOwn(FIELDS, text)
}

export function fieldOf(name: FieldName): Field {
  return FIELDS[name]
}
