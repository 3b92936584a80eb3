/** Serves cases to investigators, and that they exist to auditors. */
import type { SeenCase } from '../../incident/case-desk.ts'
import { caseReport } from '../../incident/report/case-report.ts'
import { reportHtml } from '../../incident/report/report-html.ts'
import { reportPdf } from '../../incident/report/report-pdf.ts'
import { findingSpan } from '../../incident/run/pin-span.ts'
import { isExchangeId } from '../../lib/ids.ts'
import type { CaseEntryRow, CaseRow, CaseSpan } from '../../model/cases.ts'
import { fail } from '../../model/errors.ts'
import type { ExchangeRow } from '../../model/record.ts'
import {
  addCaseEntry,
  addCaseMember,
  changeCaseEntry,
  createCase,
  listCases,
  readCase,
  removeCaseEntry,
  removeCaseMember,
  reportCase,
  updateCase,
} from '../contract/cases.ts'
import type { Case, CaseEntry, NewCaseEntry } from '../contract/cases.ts'
import { etagOf, versionFrom } from '../etag.ts'
import { idempotent } from '../idempotent.ts'
import type { ApiParts } from '../parts.ts'
import { peopleById, type People } from '../people-by-id.ts'
import type { Registrar } from '../registrar.ts'

export function caseRoutes(registrar: Registrar): void {
  const { app, parts, guarded } = registrar
  const { cases } = parts
  app.openapi(guarded(listCases), async (context) => {
    const { status, exchange, cursor, limit } = context.req.valid('query')
    const seen = await cases.list(
      {
        limit: limit + 1,
        ...(status === undefined ? {} : { status }),
        ...(exchange === undefined ? {} : { exchange }),
        ...(cursor === undefined ? {} : { before: cursor }),
      },
      context.get('signedIn').person.id,
    )
    const people = await peopleById(parts)
    const items = seen.slice(0, limit)
    return context.json(
      {
        items: items.map((one) => shownCase(one, people)),
        next: seen.length > limit ? (items.at(-1)?.row.id ?? null) : null,
      },
      200,
    )
  })
  app.openapi(guarded(createCase), async (context) => {
    const wanted = context.req.valid('json')
    const person = context.get('signedIn').person.id
    const people = await peopleById(parts)
    const made = await idempotent<Case>(context, parts, 'cases.create', async () => {
      const row = await cases.create(person, wanted)
      const answer = shownCase({ row, isOpen: true }, people)
      return { answer, stored: answer }
    })
    context.get('audit').add({ target: made.id })
    context.header('etag', made.etag)
    return context.json(made, 201)
  })
  app.openapi(guarded(readCase), async (context) => {
    const { id } = context.req.valid('param')
    const row = await cases.open(id, context.get('signedIn').person.id)
    const [members, entries, people] = await Promise.all([
      cases.members(id),
      cases.entries(id),
      peopleById(parts),
    ])
    await context.get('audit').shown({ target: id })
    context.header('etag', etagOf(row.version))
    return context.json(
      {
        case: shownCase({ row, isOpen: true }, people),
        members: members.map(({ person, addedAtMs }) => ({
          ...shownPerson(person, people),
          addedAtMs,
        })),
        entries: entries.map((entry) => shownEntry(entry, people)),
      },
      200,
    )
  })
  app.openapi(guarded(updateCase), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    const version = versionFrom(context.req.valid('header')['if-match'])
    const person = context.get('signedIn').person.id
    const row = await cases.update(id, person, version, context.req.valid('json'))
    context.header('etag', etagOf(row.version))
    return context.json(shownCase({ row, isOpen: true }, await peopleById(parts)), 200)
  })
  reportRoute(registrar)
  entryRoutes(registrar)
  memberRoutes(registrar)
}

function reportRoute({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(reportCase), async (context) => {
    const { id } = context.req.valid('param')
    const { format } = context.req.valid('query')
    const { person } = context.get('signedIn')
    const row = await parts.cases.open(id, person.id)
    const [members, entries, people] = await Promise.all([
      parts.cases.members(id),
      parts.cases.entries(id),
      peopleById(parts),
    ])
    await context.get('audit').shown({ target: id, details: { report: format } })
    const report = caseReport({
      row,
      members,
      entries,
      exchanges: await pinnedRows(parts, entries),
      nameOf: (one) => people.get(one)?.login ?? one,
      writtenBy: person.login,
      writtenAtMs: parts.clock.nowMs(),
    })
    const headers = {
      'content-disposition': `attachment; filename="case-${row.number}.${format}"`,
      'content-type': format === 'pdf' ? 'application/pdf' : 'text/html; charset=utf-8',
    }
    const body = format === 'pdf' ? await reportPdf(report) : reportHtml(report)
    return context.body(typeof body === 'string' ? body : new Uint8Array(body), 200, headers)
  })
}

async function pinnedRows(
  parts: ApiParts,
  entries: readonly CaseEntryRow[],
): Promise<ReadonlyMap<string, ExchangeRow>> {
  const rows = new Map<string, ExchangeRow>()
  for (const { kind, target, removedAtMs } of entries) {
    if (kind !== 'pin' || removedAtMs !== null || !isExchangeId(target)) continue
    const row = await parts.desk.row(target, null)
    if (row !== null) rows.set(target, row)
  }
  return rows
}

function entryRoutes({ app, parts, guarded }: Registrar): void {
  const { cases } = parts
  app.openapi(guarded(addCaseEntry), async (context) => {
    const { id } = context.req.valid('param')
    const wanted = context.req.valid('json')
    context.get('audit').add({ target: id, details: { kind: wanted.kind } })
    const { person } = context.get('signedIn')
    const entry = await idempotent<CaseEntry>(context, parts, 'cases.update', async () => {
      const row = await cases.add(id, person.id, {
        kind: wanted.kind,
        parent: wanted.parent,
        text: wanted.text,
        target: 'target' in wanted ? wanted.target : '',
        span: wanted.kind === 'pin' ? await spanOf(parts, wanted) : null,
        task: await taskOf(parts, wanted, person.id),
      })
      const answer = shownEntry(row, await peopleById(parts))
      return { answer, stored: answer }
    })
    context.header('etag', entry.etag)
    return context.json(entry, 201)
  })
  app.openapi(guarded(changeCaseEntry), async (context) => {
    const { id, entry: entryId } = context.req.valid('param')
    context.get('audit').add({ target: id, details: { entry: entryId } })
    const version = versionFrom(context.req.valid('header')['if-match'])
    const { text, isDone } = context.req.valid('json')
    const known = (await cases.entries(id)).find((one) => one.id === entryId)
    const task = known?.task ?? null
    const row = await cases.edit(
      { caseId: id, entryId, version },
      context.get('signedIn').person.id,
      {
        text,
        task: task === null || isDone === undefined ? undefined : { ...task, isDone },
      },
    )
    context.header('etag', etagOf(row.version))
    return context.json(shownEntry(row, await peopleById(parts)), 200)
  })
  app.openapi(guarded(removeCaseEntry), async (context) => {
    const { id, entry: entryId } = context.req.valid('param')
    context.get('audit').add({ target: id, details: { entry: entryId } })
    const version = versionFrom(context.req.valid('header')['if-match'])
    const place = { caseId: id, entryId, version }
    await cases.edit(place, context.get('signedIn').person.id, { isRemoved: true })
    return context.body(null, 204)
  })
}

async function spanOf(
  { desk }: ApiParts,
  { target, span, finding }: Extract<NewCaseEntry, { kind: 'pin' }>,
): Promise<CaseSpan | null> {
  if (span !== null || finding === null || !isExchangeId(target)) return span
  const row = await desk.row(target, null)
  return row === null ? null : findingSpan(desk, row, finding)
}

function memberRoutes({ app, parts, guarded }: Registrar): void {
  const { cases } = parts
  app.openapi(guarded(addCaseMember), async (context) => {
    const { id } = context.req.valid('param')
    const { login } = context.req.valid('json')
    context.get('audit').add({ target: id, details: { login } })
    const person = await parts.control.people.byLogin(login)
    if (person === null || person.disabledAtMs !== null)
      throw fail('api.not-found', 'Nobody has this login.')
    if (!person.roles.includes('investigator'))
      throw fail('api.conflict', 'Only an investigator can be a member.')
    await cases.addMember(id, context.get('signedIn').person.id, person.id)
    return context.body(null, 204)
  })
  app.openapi(guarded(removeCaseMember), async (context) => {
    const { id, person } = context.req.valid('param')
    context.get('audit').add({ target: id, details: { member: person } })
    await cases.removeMember(id, context.get('signedIn').person.id, person)
    return context.body(null, 204)
  })
}

async function taskOf(
  parts: ApiParts,
  wanted: NewCaseEntry,
  self: string,
): Promise<CaseEntryRow['task']> {
  if (wanted.kind !== 'task') return null
  if (wanted.assignee === undefined) return { assignee: self, isDone: false }
  const person = await parts.control.people.byLogin(wanted.assignee)
  if (person === null) throw fail('api.not-found', 'Nobody has this login.')
  return { assignee: person.id, isDone: false }
}

function shownPerson(id: string, people: People): CaseEntry['by'] {
  const person = people.get(id)
  return { id, login: person?.login ?? '', name: person?.name ?? '' }
}

export function shownCase({ row, isOpen }: SeenCase, people: People): Case {
  const { version, createdBy, ...shown }: CaseRow = row
  return {
    ...shown,
    title: isOpen ? row.title : '',
    question: isOpen ? row.question : '',
    mayOpen: isOpen,
    createdBy: people.get(createdBy)?.login ?? '',
    etag: etagOf(version),
  }
}

function shownEntry(row: CaseEntryRow, people: People): CaseEntry {
  const { caseId: _caseId, person, version, task, text, ...shown } = row
  return {
    ...shown,
    by: shownPerson(person, people),
    text: row.removedAtMs === null ? text : '',
    task: task === null ? null : { ...task, assignee: shownPerson(task.assignee, people) },
    etag: etagOf(version),
  }
}
