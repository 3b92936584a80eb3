/** The typed fields of the query bar: what each is called in the text, what it means, which filter it becomes. */

export type ValueField =
  | 'state'
  | 'outcome'
  | 'status'
  | 'error'
  | 'principal'
  | 'service'
  | 'key'
  | 'upstream'
  | 'model'
  | 'dialect'
  | 'surface'
  | 'route'
  | 'finding'
  | 'entity'
  | 'rule'
  | 'fingerprint'
  | 'tool'
  | 'verdict'
  | 'policy'
  | 'tag'
export type SingleField = 'conversation' | 'slower' | 'faster' | 'last' | 'after' | 'before'
export type FieldName = ValueField | SingleField

export type Parameter =
  | 'state'
  | 'outcome'
  | 'status'
  | 'errorCode'
  | 'principal'
  | 'service'
  | 'keyId'
  | 'upstream'
  | 'model'
  | 'dialect'
  | 'surface'
  | 'route'
  | 'finding'
  | 'entity'
  | 'rule'
  | 'fingerprint'
  | 'tool'
  | 'verdict'
  | 'policyRule'
  | 'tag'

interface Field {
  readonly says: string
  /** The name that API and facets have for it; null where it holds one value that is not counted. */
  readonly parameter: Parameter | null
  readonly samples: readonly string[]
}

export const FIELDS: Readonly<Record<FieldName, Field>> = {
  principal: { says: 'who sent it, as proven', parameter: 'principal', samples: [] },
  service: { says: 'service that the credential proves', parameter: 'service', samples: [] },
  model: { says: 'model; gpt-5* for all that begin so', parameter: 'model', samples: [] },
  upstream: { says: 'where it was sent', parameter: 'upstream', samples: [] },
  state: {
    says: 'how far it came',
    parameter: 'state',
    samples: ['complete', 'open', 'interrupted', 'refused'],
  },
  outcome: {
    says: 'how it ended',
    parameter: 'outcome',
    samples: [
      'answered',
      'gateway-error',
      'refused',
      'caller-aborted',
      'upstream-failed',
      'evidence-failed',
      'contained',
      'crashed',
    ],
  },
  status: {
    says: 'HTTP status; 5xx for a class',
    parameter: 'status',
    samples: ['2xx', '4xx', '5xx', '429'],
  },
  error: { says: 'the gateway’s own error code', parameter: 'errorCode', samples: [] },
  key: { says: 'gateway key', parameter: 'keyId', samples: [] },
  surface: { says: 'what was called; openai.* for a family', parameter: 'surface', samples: [] },
  dialect: {
    says: 'wire format',
    parameter: 'dialect',
    samples: ['openai', 'anthropic', 'gemini', 'bedrock', 'ollama'],
  },
  route: { says: 'name of the route', parameter: 'route', samples: [] },
  finding: {
    says: 'where detection saw something',
    parameter: 'finding',
    samples: ['request', 'answer'],
  },
  entity: { says: 'what detection saw', parameter: 'entity', samples: [] },
  rule: { says: 'detector rule that saw it', parameter: 'rule', samples: [] },
  fingerprint: {
    says: 'one found value, by its fingerprint or the first digits',
    parameter: 'fingerprint',
    samples: [],
  },
  tool: {
    says: 'tool that the request offers; mcp__* for a family',
    parameter: 'tool',
    samples: [],
  },
  verdict: {
    says: 'what the policy decided',
    parameter: 'verdict',
    samples: ['allow', 'mask', 'hold', 'deny'],
  },
  policy: { says: 'policy rule that fired', parameter: 'policyRule', samples: [] },
  tag: { says: 'tag that a policy rule gave', parameter: 'tag', samples: [] },
  last: {
    says: 'time until now',
    parameter: null,
    samples: ['15m', '1h', '6h', '24h', '7d', '30d', '365d'],
  },
  after: { says: 'from this moment on, UTC', parameter: null, samples: [] },
  before: { says: 'up to this moment, UTC', parameter: null, samples: [] },
  slower: { says: 'took at least', parameter: null, samples: ['500ms', '2s', '10s', '1m'] },
  faster: { says: 'took at most', parameter: null, samples: ['500ms', '2s', '10s', '1m'] },
  conversation: { says: 'conversation that the caller declared', parameter: null, samples: [] },
}

export const FIELD_NAMES = Object.keys(FIELDS).filter(isFieldName)

export function isFieldName(text: string): text is FieldName {
  return Object.hasOwn(FIELDS, text)
}

/** Fields that are counted beside the list, in reading order. */
export const FACETS: readonly { readonly field: ValueField; readonly title: string }[] = [
  { field: 'state', title: 'State' },
  { field: 'principal', title: 'Principal' },
  { field: 'service', title: 'Service' },
  { field: 'entity', title: 'Found' },
  { field: 'finding', title: 'Found in' },
  { field: 'verdict', title: 'Verdict' },
  { field: 'policy', title: 'Policy rule' },
  { field: 'model', title: 'Model' },
  { field: 'upstream', title: 'Upstream' },
  { field: 'status', title: 'Status' },
  { field: 'outcome', title: 'Outcome' },
  { field: 'error', title: 'Error code' },
  { field: 'surface', title: 'Surface' },
  { field: 'dialect', title: 'Dialect' },
  { field: 'key', title: 'Key' },
  { field: 'route', title: 'Route' },
  { field: 'tool', title: 'Tool' },
  { field: 'tag', title: 'Tag' },
  { field: 'rule', title: 'Detector rule' },
  { field: 'fingerprint', title: 'Fingerprint' },
]

export function parameterOf(field: ValueField): Parameter {
  const { parameter } = FIELDS[field]
  if (parameter === null) throw new Error(`${field} is no list of values`)
  return parameter
}
