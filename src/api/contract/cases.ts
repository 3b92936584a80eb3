/** Cases: what is investigated, by whom, and everything that was pinned, noted, searched and done. */
import { z } from '@hono/zod-openapi'
import { CASE_ENTRY_KINDS, CASE_SEVERITIES, CASE_STATUSES, TLP_LABELS } from '../../model/cases.ts'
import {
  ExchangeIdText,
  IdempotencyHeader,
  IfMatchHeader,
  NO_CONTENT,
  PageQuery,
  TimeMs,
  apiRoute,
  body,
  json,
  pageOf,
} from './common.ts'

const Status = z.enum(CASE_STATUSES)
const Severity = z.enum(CASE_SEVERITIES)
const Tlp = z.enum(TLP_LABELS).openapi({ description: 'Traffic Light Protocol 2.0.' })

export const Case = z
  .object({
    id: z.string().openapi({ example: 'cs_01kb3w9m4v0000000000000001' }),
    number: z.number().int(),
    title: z.string().openapi({ description: 'Empty for who may not see into it.' }),
    question: z.string(),
    status: Status,
    severity: Severity,
    tlp: Tlp,
    sealed: z.boolean(),
    mayOpen: z.boolean().openapi({ description: 'False: sealed, and one is no member.' }),
    createdBy: z.string(),
    createdAtMs: TimeMs,
    updatedAtMs: TimeMs,
    closedAtMs: TimeMs.nullable(),
    etag: z.string(),
  })
  .openapi('Case')
export type Case = z.infer<typeof Case>

const Person = z.object({ id: z.string(), login: z.string(), name: z.string() })

export const CaseSpan = z
  .strictObject({
    part: z.enum(['request', 'answer']),
    block: z.number().int().min(0).nullable(),
    start: z.number().int().min(0),
    end: z.number().int().min(0),
  })
  .refine(({ start, end }) => end >= start, { path: ['end'], message: 'lies before start' })
  .openapi('CaseSpan')

export const CaseEntry = z
  .object({
    id: z.string(),
    kind: z.enum(CASE_ENTRY_KINDS),
    atMs: TimeMs,
    by: Person,
    parent: z.string().nullable(),
    target: z.string(),
    span: CaseSpan.nullable(),
    text: z.string().openapi({ description: 'Empty when it was taken back.' }),
    task: z.object({ assignee: Person, isDone: z.boolean() }).nullable(),
    editedAtMs: TimeMs.nullable(),
    removedAtMs: TimeMs.nullable(),
    etag: z.string(),
  })
  .openapi('CaseEntry')
export type CaseEntry = z.infer<typeof CaseEntry>

export const CaseFile = z
  .object({
    case: Case,
    members: z.array(Person.extend({ addedAtMs: TimeMs })),
    entries: z.array(CaseEntry).openapi({ description: 'Oldest first.' }),
  })
  .openapi('CaseFile')
export type CaseFile = z.infer<typeof CaseFile>

const title = z.string().trim().min(3).max(200)
const question = z.string().trim().max(4000)
const text = z.string().trim().max(10_000)

export const NewCase = z
  .strictObject({
    title,
    question: question.default(''),
    severity: Severity.default('medium'),
    tlp: Tlp.default('amber'),
    sealed: z.boolean().default(false),
  })
  .openapi('NewCase')

export const CaseChange = z
  .strictObject({
    title,
    question,
    status: Status,
    severity: Severity,
    tlp: Tlp,
    sealed: z.boolean(),
  })
  .partial()
  .openapi('CaseChange')

const about = { parent: z.string().max(40).nullable().default(null), text: text.default('') }

export const NewCaseEntry = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('pin'),
      target: ExchangeIdText,
      span: CaseSpan.nullable().default(null),
      finding: z.number().int().min(0).max(1_000_000).nullable().default(null).openapi({
        description: 'Index in `findings` of the exchange: without a span, its place is pinned.',
      }),
      ...about,
    }),
    z.strictObject({ kind: z.literal('note'), ...about, text: text.min(1) }),
    z.strictObject({
      kind: z.literal('task'),
      ...about,
      text: text.min(1),
      assignee: z.string().max(200).optional().openapi({ description: 'A login; else oneself.' }),
    }),
    z.strictObject({
      kind: z.literal('link'),
      target: z.url({ protocol: /^https?$/ }).max(2000),
      ...about,
    }),
    z.strictObject({
      kind: z.literal('search'),
      target: z.string().max(2000).openapi({ description: 'The query, as in an address.' }),
      ...about,
    }),
    z.strictObject({
      kind: z.literal('action'),
      target: z.string().max(200).openapi({ description: 'Id of what was made.' }),
      ...about,
      text: text.min(1),
    }),
  ])
  .openapi('NewCaseEntry')
export type NewCaseEntry = z.infer<typeof NewCaseEntry>

const CaseEntryChange = z
  .strictObject({ text: text.min(1).optional(), isDone: z.boolean().optional() })
  .openapi('CaseEntryChange')

const tags = ['cases']
const CaseParam = z.object({ id: z.string().max(40) })
const EntryParam = CaseParam.extend({ entry: z.string().max(40) })

export const listCases = apiRoute('cases.list', {
  method: 'get',
  path: '/cases',
  tags,
  summary: 'Cases, newest first',
  request: {
    query: z.object({
      status: Status.optional(),
      exchange: ExchangeIdText.optional().openapi({ description: 'In which it is pinned.' }),
      ...PageQuery,
    }),
  },
  responses: { 200: json(pageOf(Case), 'A page.') },
})

export const createCase = apiRoute('cases.create', {
  method: 'post',
  path: '/cases',
  tags,
  summary: 'Opens a case, with oneself as its first member',
  request: { headers: IdempotencyHeader, body: body(NewCase) },
  responses: { 201: json(Case, 'Opened.') },
})

export const readCase = apiRoute('cases.read', {
  method: 'get',
  path: '/cases/{id}',
  tags,
  summary: 'A case with its members and entries',
  request: { params: CaseParam },
  responses: { 200: json(CaseFile, 'The case.') },
})

export const reportCase = apiRoute('cases.read', {
  method: 'get',
  path: '/cases/{id}/report',
  tags,
  summary: 'An executive page and a technical annex, without prompts and answers',
  request: {
    params: CaseParam,
    query: z.object({ format: z.enum(['html', 'pdf']).default('html') }),
  },
  responses: {
    200: {
      description: 'The report, as a file.',
      content: {
        'text/html': { schema: z.string() },
        'application/pdf': { schema: z.string().openapi({ format: 'binary' }) },
      },
    },
  },
})

export const updateCase = apiRoute('cases.update', {
  method: 'patch',
  path: '/cases/{id}',
  tags,
  summary: 'Changes status, severity, TLP, seal, title or question',
  request: { params: CaseParam, headers: IfMatchHeader, body: body(CaseChange) },
  responses: { 200: json(Case, 'As it is afterwards.') },
})

export const addCaseEntry = apiRoute('cases.update', {
  method: 'post',
  path: '/cases/{id}/entries',
  tags,
  summary: 'Pins, notes, adds a task, keeps a search or an action',
  request: { params: CaseParam, headers: IdempotencyHeader, body: body(NewCaseEntry) },
  responses: { 201: json(CaseEntry, 'Kept.') },
})

export const changeCaseEntry = apiRoute('cases.update', {
  method: 'patch',
  path: '/cases/{id}/entries/{entry}',
  tags,
  summary: 'Changes one’s own text, or ticks a task off',
  request: { params: EntryParam, headers: IfMatchHeader, body: body(CaseEntryChange) },
  responses: { 200: json(CaseEntry, 'As it is afterwards.') },
})

export const removeCaseEntry = apiRoute('cases.update', {
  method: 'delete',
  path: '/cases/{id}/entries/{entry}',
  tags,
  summary: 'Takes one’s own entry back; that there was one stays',
  request: { params: EntryParam, headers: IfMatchHeader },
  responses: NO_CONTENT,
})

export const addCaseMember = apiRoute('cases.update', {
  method: 'post',
  path: '/cases/{id}/members',
  tags,
  summary: 'Lets an investigator in',
  request: {
    params: CaseParam,
    body: body(z.strictObject({ login: z.string().trim().min(1).max(200) })),
  },
  responses: NO_CONTENT,
})

export const removeCaseMember = apiRoute('cases.update', {
  method: 'delete',
  path: '/cases/{id}/members/{person}',
  tags,
  summary: 'Takes a member out; the last one stays',
  request: { params: CaseParam.extend({ person: z.string().max(40) }) },
  responses: NO_CONTENT,
})
