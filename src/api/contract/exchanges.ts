/** Exchanges: search by typed filters, facets, histogram, the live stream, and the metadata of one. */
import { z } from '@hono/zod-openapi'
import { VERDICTS } from '../../model/decision.ts'
import { FACET_FIELDS } from '../../model/exchange-query.ts'
import { QUERY_CHARS_MAX } from '../../model/query/parse.ts'
import { OUTCOMES } from '../../model/record.ts'
import { Restriction } from './accesses.ts'
import { ExchangeIdText, Linked, PageQuery, TimeMs, apiRoute, json, pageOf } from './common.ts'
import { Held, Usage } from './exchange-course.ts'

const ExchangeStateName = z.enum(['open', 'complete', 'interrupted', 'refused'])

export const Exchange = z
  .object({
    id: ExchangeIdText,
    state: ExchangeStateName,
    outcome: z.enum(OUTCOMES).nullable(),
    receivedAtMs: TimeMs,
    endedAtMs: TimeMs.nullable(),
    principal: z.string().openapi({ description: 'Who sent it, as proven; empty when unknown.' }),
    principalKind: z.string(),
    keyId: z.string().nullable(),
    service: z.string().openapi({ description: 'The service that the credential proves.' }),
    declaredService: z.string().openapi({ description: 'What the caller says; proves nothing.' }),
    remoteAddress: z.string(),
    userAgent: z.string(),
    upstream: z.string(),
    dialect: z.string().nullable(),
    surface: z.string(),
    route: z.string(),
    mode: z.enum(['strict', 'strict-chunks', 'best-effort']),
    retentionClass: z.string(),
    method: z.string(),
    path: z.string(),
    model: z.string().nullable(),
    stream: z.boolean(),
    status: z.number().int().nullable(),
    errorCode: z.string().nullable(),
    finishReason: z.string().nullable(),
    inputTokens: z.number().nullable(),
    outputTokens: z.number().nullable(),
    requestBytes: z.number(),
    answerBytes: z.number(),
    storedBytes: z
      .number()
      .nullable()
      .openapi({ description: 'Bytes it added to evidence; null where one sees only one’s own.' }),
    firstByteMs: z.number().nullable(),
    durationMs: z.number().nullable(),
    conversation: z
      .string()
      .nullable()
      .openapi({ description: 'Conversation that the caller declared by an id; null when none.' }),
    linked: Linked,
    conversationBy: z.string().nullable().openapi({ example: 'header x-claude-code-session-id' }),
    holds: z.array(z.string()).openapi({
      description: 'Legal holds in force on it; empty for whoever sees only own exchanges.',
    }),
    tools: z.array(z.string()).openapi({ description: 'Tools that the request offers.' }),
    findingsIn: z
      .array(z.enum(['request', 'answer']))
      .openapi({ description: 'Where detection saw something.' }),
    entities: z.array(z.string()).openapi({ description: 'What it saw.' }),
    rules: z.array(z.string()).openapi({ description: 'Detector rules that saw it.' }),
    fingerprints: z
      .array(z.string())
      .openapi({ description: 'Keyed digests of what it saw, the first 16 digits of each.' }),
    verdict: z
      .enum(VERDICTS)
      .nullable()
      .openapi({ description: 'What the policy decided; null where none was in force.' }),
    policyHash: z.string().nullable().openapi({ description: 'SHA-256 of the policy.' }),
    decidingRule: z.string().nullable().openapi({ description: 'The rule that made the verdict.' }),
    policyRules: z
      .array(z.string())
      .openapi({ description: 'Policy rules that fired, in force or in shadow.' }),
    tags: z.array(z.string()).openapi({ description: 'Tags that policy rules gave it.' }),
  })
  .openapi('Exchange')

export type Exchange = z.infer<typeof Exchange>

/** One value or several; `model=a&model=b` asks for either. */
function several<Item extends z.ZodType<string>>(item: Item, description: string) {
  return z
    .union([item, z.array(item).max(50)])
    .transform((value): readonly string[] => (Array.isArray(value) ? value : [value]))
    .optional()
    .openapi({
      type: 'array',
      items: { type: 'string' },
      param: { style: 'form', explode: true },
      description,
    })
}

const text = z.string().max(512)
const exact = (what: string) => several(text, `${what} An empty text finds those without one.`)

const NOT_SHAPE = new RegExp(`^(?:${FACET_FIELDS.join('|')}):`)

/** Filters that list, facets, histogram and live share; each may be given several times. */
export const ExchangeFilters = {
  q: z.string().max(QUERY_CHARS_MAX).optional().openapi({
    description:
      'A written query: field:value joined by and, or, not and brackets; see docs/reference/query.md. It holds together with the other filters.',
    example: 'model:gpt-5* (status:5xx or duration:>30s) last:24h',
  }),
  sinceMs: z.coerce.number().min(0).optional(),
  untilMs: z.coerce.number().min(0).optional().openapi({ description: 'Inclusive.' }),
  state: several(ExchangeStateName, 'How far it came.'),
  outcome: exact('How it ended.'),
  status: several(z.string().regex(/^(?:[1-5]\d\d|[1-5]xx|)$/), 'HTTP status, or a class: 5xx.'),
  errorCode: exact('Code of the gateway’s own error.'),
  principal: exact('Who sent it.'),
  service: exact('The service its credential proves.'),
  keyId: exact('The gateway key.'),
  upstream: exact('Where it was sent.'),
  model: exact('A model; gpt-5* for all that begin so.'),
  dialect: exact('Wire format.'),
  surface: exact('What was called; openai.* for all that begin so.'),
  route: exact('Name of the route.'),
  finding: several(z.enum(['request', 'answer', '']), 'Where detection saw something.'),
  entity: exact('What detection saw, e.g. EMAIL_ADDRESS.'),
  rule: exact('The detector rule that saw it.'),
  fingerprint: several(
    z.string().regex(/^[0-9a-f]{0,64}$/),
    'Fingerprint of a finding, or its first digits.',
  ),
  tool: exact('A tool that the request offers; mcp__* for all that begin so.'),
  verdict: several(z.enum([...VERDICTS, '']), 'What the policy decided.'),
  policyRule: exact('The policy rule that fired.'),
  tag: exact('A tag that a policy rule gave it.'),
  not: several(
    z.string().max(560).regex(NOT_SHAPE),
    'A field and a value that they must not have: principal:alice. An empty value leaves out those without one.',
  ),
  conversation: z.string().max(100).optional(),
  maxDurationMs: z.coerce.number().min(0).optional(),
  minDurationMs: z.coerce.number().min(0).optional(),
} as const

export const ExchangeFilterQuery = z.object(ExchangeFilters)
export type ExchangeFilterQuery = z.infer<typeof ExchangeFilterQuery>

const FacetFieldName = z.enum(FACET_FIELDS)

export const Facets = z
  .object({
    total: z.number().int(),
    fields: z.record(
      FacetFieldName,
      z.array(z.object({ value: z.string(), count: z.number().int() })),
    ),
  })
  .openapi('Facets', { description: 'Each field is counted without its own filter.' })
export type Facets = z.infer<typeof Facets>

export const Histogram = z
  .object({
    fromMs: TimeMs,
    toMs: TimeMs,
    bucketMs: z.number(),
    buckets: z.array(
      z.object({
        startMs: TimeMs,
        complete: z.number().int(),
        open: z.number().int(),
        interrupted: z.number().int(),
        refused: z.number().int(),
      }),
    ),
    erased: z.number().int().openapi({
      description:
        'Exchanges of this time that were erased, whatever they were: nothing is left that a filter could ask. 0 for whoever sees only own exchanges.',
    }),
  })
  .openapi('Histogram')
export type Histogram = z.infer<typeof Histogram>

export const Finding = z
  .object({
    direction: z.enum(['request', 'answer']),
    rule: z.string(),
    entity: z.string(),
    score: z.number(),
    block: z.number().int().nullable().openapi({ description: 'Of the request; null outside.' }),
    channel: z.string().openapi({ description: 'Of the answer; empty in a request.' }),
    start: z.number().int().openapi({
      description: 'Request: bytes of the body. Answer: UTF-16 units of the channel.',
    }),
    end: z.number().int(),
    spelling: z.string(),
    operator: z.string().openapi({ description: 'What was done with it.' }),
    fingerprint: z.string().openapi({ description: 'Keyed: the same for the same value.' }),
  })
  .openapi('Finding', { description: 'Where something was and what it was; never the value.' })
export type Finding = z.infer<typeof Finding>

export const ExchangeDetail = z
  .object({
    exchange: Exchange,
    principal: z
      .object({
        id: z.string(),
        kind: z.string(),
        method: z.string().openapi({ description: 'How it was proven.' }),
        service: z.string(),
        groups: z.array(z.string()),
        owner: z.string().openapi({
          description: 'Who answers for the credential: owner of the key or of the trust rule.',
        }),
        actor: z
          .string()
          .openapi({ description: 'Who set the job off, as its issuer says; empty when unknown.' }),
        certificate: z.string().openapi({
          description: 'SHA-256 of the client certificate that TLS verified; empty when none.',
        }),
        rule: z
          .string()
          .openapi({ description: 'Trust rule that let it in; empty where none did.' }),
        run: z
          .object({
            repository: z.string(),
            run: z.string(),
            runUrl: z.string().nullable(),
            by: z.enum(['proven', 'declared', 'nothing']),
          })
          .openapi({ description: 'Which run of which repository, and who says so.' }),
        issuer: z.string(),
        claims: z.record(z.string(), z.string()),
      })
      .nullable(),
    declared: z.object({ service: z.string(), headers: z.record(z.string(), z.string()) }),
    toolNames: z.array(z.string()),
    links: z.record(z.string(), z.string()),
    responseId: z.string().nullable(),
    responseModel: z.string().nullable(),
    upstreamStatus: z.number().int().nullable(),
    usage: Usage.nullable(),
    cost: z
      .object({ amount: z.number(), currency: z.string() })
      .nullable()
      .openapi({ description: 'By the prices configured now; null when not known.' }),
    policy: z.string(),
    held: Held.nullable().openapi({ description: 'Null where no rule held it.' }),
    findings: z.array(Finding).nullable().openapi({ description: 'Null where nobody looked.' }),
    uninspected: z.array(
      z.object({
        direction: z.enum(['request', 'answer']),
        channel: z.string(),
        start: z.number().int(),
        end: z.number().int(),
        reason: z.string(),
      }),
    ),
    masks: z
      .object({ request: z.number().int(), answer: z.number().int() })
      .openapi({ description: 'Values that were masked on the way.' }),
    mayReadContent: z.boolean(),
    restriction: Restriction.nullable().openapi({ description: 'It takes a second person.' }),
    mayReveal: z.boolean(),
    reveal: z
      .object({ id: z.string(), expiresAtMs: TimeMs })
      .nullable()
      .openapi({ description: 'One’s own reveal that covers this exchange, while it lasts.' }),
  })
  .openapi('ExchangeDetail')
export type ExchangeDetail = z.infer<typeof ExchangeDetail>

export const ExchangeProof = z
  .object({
    id: ExchangeIdText,
    state: ExchangeStateName,
    verdict: z
      .enum(['sound', 'damaged'])
      .openapi({ description: '`damaged` when any frame or digest does not verify.' }),
    problems: z.array(z.string()),
    frames: z.array(
      z.object({
        instance: z.string(),
        segment: z.number().int(),
        offset: z.number().int(),
        type: z.string(),
        bytes: z.number().int(),
      }),
    ),
    leaves: z
      .array(
        z.object({
          index: z.number().int(),
          kind: z.string(),
          atMs: TimeMs,
          name: z.string().openapi({ description: 'Name for the file.' }),
          file: z.string().openapi({
            description:
              'A C2SP tlog-proof with the leaf in it: `custody verify` reads it offline.',
          }),
        }),
      )
      .openapi({ description: 'Its leaves in the transparency log; none until their checkpoint.' }),
  })
  .openapi('ExchangeProof')
export type ExchangeProof = z.infer<typeof ExchangeProof>

const tags = ['exchanges']
export const ExchangeParam = z.object({ id: ExchangeIdText })

export const listExchanges = apiRoute('exchanges.list', {
  method: 'get',
  path: '/exchanges',
  tags,
  summary: 'Lists exchanges, newest first',
  request: { query: z.object({ ...ExchangeFilters, ...PageQuery }) },
  responses: { 200: json(pageOf(Exchange), 'A page.') },
})

export const countFacets = apiRoute('exchanges.facets', {
  method: 'get',
  path: '/exchanges/facets',
  tags,
  summary: 'Counts exchanges by the values of each field',
  request: {
    query: z.object({
      ...ExchangeFilters,
      values: z.coerce.number().int().min(1).max(100).default(20),
    }),
  },
  responses: { 200: json(Facets, 'Counts, most frequent first.') },
})

export const countHistogram = apiRoute('exchanges.histogram', {
  method: 'get',
  path: '/exchanges/histogram',
  tags,
  summary: 'Counts exchanges over time',
  request: {
    query: z
      .object({
        ...ExchangeFilters,
        fromMs: z.coerce.number().min(0),
        toMs: z.coerce.number().min(0),
        buckets: z.coerce.number().int().min(1).max(1000).default(60),
      })
      .refine(({ fromMs, toMs }) => toMs > fromMs, {
        path: ['toMs'],
        message: 'must be later than fromMs',
      }),
  },
  responses: { 200: json(Histogram, 'Buckets of equal width, also empty ones.') },
})

export const followExchanges = apiRoute('exchanges.live', {
  method: 'get',
  path: '/exchanges/live',
  tags,
  summary: 'Streams exchanges as they open and end, as server-sent events',
  description:
    'Events: `exchange` (data: Exchange; sent when it opens and again when it ends; `id` resumes), `reset` (too much was missed: load the list again, the stream goes on from here). Send `Last-Event-ID` to resume.',
  request: {
    query: z.object(ExchangeFilters),
    headers: z.object({ 'last-event-id': z.string().max(100).optional() }),
  },
  responses: {
    200: { description: 'Events.', content: { 'text/event-stream': { schema: z.string() } } },
  },
})

export const readExchange = apiRoute('exchanges.read', {
  method: 'get',
  path: '/exchanges/{id}',
  tags,
  summary: 'Everything about one exchange but its content',
  request: { params: ExchangeParam },
  responses: { 200: json(ExchangeDetail, 'Metadata.') },
})

export const checkExchange = apiRoute('exchanges.proof', {
  method: 'get',
  path: '/exchanges/{id}/proof',
  tags,
  summary: 'Reads the record back and says what does not verify',
  request: { params: ExchangeParam },
  responses: { 200: json(ExchangeProof, 'What was found.') },
})
