/** Serves content: masked for those who may read it, as it was under a reveal; and opens reveals. */
import type { Context } from 'hono'
import { reachOf } from '../../identity/permissions.ts'
import type { ContentMode, ContentSide } from '../../incident/content-view.ts'
import type { RecordedExchange } from '../../evidence/reader.ts'
import type { Owner } from '../../incident/exchange-desk.ts'
import { findingsOfChunks, masksOfChunks } from '../../incident/replay-steps.ts'
import { revealFor } from '../../incident/reveals.ts'
import { isExchangeId, newControlId } from '../../lib/ids.ts'
import type { RevealRow } from '../../model/control.ts'
import { fail } from '../../model/errors.ts'
import type { Content, Reveal } from '../contract/content.ts'
import {
  createReveal,
  endReveal,
  listReveals,
  readContent,
  readRaw,
  readReplay,
} from '../contract/content.ts'
import { idempotent } from '../idempotent.ts'
import type { ApiEnv, ApiParts } from '../parts.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'
import { ownerOf } from '../registrar.ts'
import { queryOf } from '../filter-query.ts'
import { shownReveal } from '../shown.ts'
import { visibleRow } from './exchanges.ts'

const MINUTE_MS = 60 * 1000

export function contentRoutes(registrar: Registrar): void {
  const { app, parts, guarded } = registrar
  const { desk } = parts
  app.openapi(guarded(readContent), async (context) => {
    const opened = await open(context, parts, context.req.valid('query'), 'content')
    return context.json(await content(parts, opened), 200)
  })
  app.openapi(guarded(readReplay), async (context) => {
    const { mode, side, cursor, limit } = context.req.valid('query')
    const { recorded, received } = await open(context, parts, { mode, side }, 'replay')
    const from = chunkCursor(cursor)
    const steps = await desk.replay(recorded, {
      mode,
      from,
      limit,
      masks: masksOfChunks(received),
      findings: findingsOfChunks(received),
    })
    const chunks = recorded.answerChunks.length
    return context.json(
      {
        id: recorded.row.id,
        mode,
        side,
        durationMs: recorded.answerChunks.at(-1)?.atMs ?? 0,
        heldMs: recorded.closing?.approval?.waitedMs ?? 0,
        chunks,
        steps: steps.map((step) => ({ ...step, parts: [...step.parts] })),
        next: from + steps.length < chunks && steps.length > 0 ? String(from + steps.length) : null,
      },
      200,
    )
  })
  app.openapi(guarded(readRaw), async (context) => {
    const { mode, side, offset, length, decoded } = context.req.valid('query')
    const { part } = context.req.valid('param')
    const { recorded } = await open(context, parts, { mode, side }, `raw ${part}`)
    const { bytes, total } = await desk.raw(recorded, { part, mode, decoded, offset, length })
    return context.json(
      {
        id: recorded.row.id,
        part,
        mode,
        side,
        decoded,
        offset,
        total,
        base64: bytes.toString('base64'),
      },
      200,
    )
  })
  revealRoutes(registrar)
}

interface View {
  readonly mode: ContentMode
  readonly side: ContentSide
}

interface Opened extends View {
  readonly received: RecordedExchange
  /** Of the side that was asked for. */
  readonly recorded: RecordedExchange
  readonly owner: Owner
  readonly reveal: RevealRow | null
}

/** Judges, audits, and only then gives what was recorded. */
async function open(
  context: Context<ApiEnv>,
  parts: ApiParts,
  { mode, side }: View,
  what: string,
): Promise<Opened> {
  const { person, roles } = context.get('signedIn')
  const audit = context.get('audit')
  if (mode === 'revealed') audit.add({ operation: 'content.reveal' })
  if (mode === 'revealed' && reachOf('content.reveal', roles) !== 'all') throw fail('api.forbidden')
  const owner = await ownerOf(context, parts)
  const row = await visibleRow(context, parts, owner)
  const reveal =
    mode === 'revealed'
      ? await revealFor(parts.control.reveals, person.id, row, parts.clock.nowMs())
      : null
  if (mode === 'revealed' && reveal === null) throw fail('api.reveal-required')
  await parts.accesses.require(person.id, [row])
  const reading = await parts.desk.recorded(row)
  await audit.shown({
    target: row.id,
    reason: reveal?.reason ?? '',
    details: { what, mode, side, ...(reveal === null ? {} : { reveal: reveal.id }) },
  })
  if (reading.kind === 'unreadable') throw fail('api.unreadable')
  const recorded = side === 'sent' ? await parts.desk.asSent(reading.recorded) : reading.recorded
  return { received: reading.recorded, recorded, mode, side, owner, reveal }
}

async function content(parts: ApiParts, opened: Opened): Promise<Content> {
  const { recorded, mode, side, owner, reveal } = opened
  const view = await parts.desk.content(recorded, mode, owner)
  const pairs = (headers: readonly (readonly [string, string])[]): [string, string][] =>
    headers.map(([name, value]) => [name, value])
  return {
    id: recorded.row.id,
    mode,
    side,
    reveal: reveal === null ? null : { id: reveal.id, expiresAtMs: reveal.expiresAtMs },
    request: {
      received: { ...view.received, headers: pairs(view.received.headers) },
      sent: view.sent === null ? null : { ...view.sent, headers: pairs(view.sent.headers) },
      kind: view.kind,
      bytes: view.requestBytes,
      blocks: view.blocks.map((block) => ({ ...block, parts: [...block.parts] })),
      text: view.requestText.text,
      truncated: view.requestText.truncated,
    },
    answer: {
      ...view.answer,
      head:
        view.answer.head === null
          ? null
          : { ...view.answer.head, headers: pairs(view.answer.head.headers) },
    },
    problems: [...recorded.problems],
  }
}

function chunkCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor)
  throw new InvalidRequest([{ path: 'cursor', message: 'is not one that a page gave' }])
}

function revealRoutes({ app, parts, guarded }: Registrar): void {
  const { reveals } = parts.control
  app.openapi(guarded(createReveal), async (context) => {
    const { scope, reason, minutes } = context.req.valid('json')
    const { person } = context.get('signedIn')
    const nowMs = parts.clock.nowMs()
    if (scope.kind === 'exchange') {
      const row = isExchangeId(scope.exchangeId)
        ? await parts.desk.row(scope.exchangeId, null)
        : null
      if (row === null) throw fail('api.not-found')
    }
    const reveal = await idempotent<Reveal>(context, parts, 'reveals.create', async () => {
      const row: RevealRow = {
        id: newControlId('rv', nowMs),
        person: person.id,
        scope:
          scope.kind === 'exchange'
            ? scope
            : { kind: 'query', query: queryOf(scope.filter, null, parts.clock.nowMs()) },
        reason,
        createdAtMs: nowMs,
        expiresAtMs: nowMs + minutes * MINUTE_MS,
        endedAtMs: null,
      }
      await context.get('audit').shown({
        target: scope.kind === 'exchange' ? scope.exchangeId : row.id,
        reason,
        details: { reveal: row.id, scope: scope.kind, minutes },
      })
      await reveals.insert(row)
      const answer = shownReveal(row, person.login, nowMs)
      return { answer, stored: answer }
    })
    if (!context.get('audit').wasShown) {
      await context.get('audit').shown({ target: reveal.id, reason })
    }
    return context.json(reveal, 201)
  })
  app.openapi(guarded(listReveals), async (context) => {
    const { cursor, limit, active } = context.req.valid('query')
    const { person } = context.get('signedIn')
    const nowMs = parts.clock.nowMs()
    const rows = await reveals.list({
      limit: limit + 1,
      ...(context.get('reach') === 'all' ? {} : { person: person.id }),
      ...(cursor === undefined ? {} : { before: cursor }),
      ...(active ? { activeAtMs: nowMs } : {}),
    })
    const names = new Map((await parts.control.people.list()).map((one) => [one.id, one.login]))
    const items = rows.slice(0, limit)
    return context.json(
      {
        items: items.map((row) => shownReveal(row, names.get(row.person) ?? '', nowMs)),
        next: rows.length > limit ? (items.at(-1)?.id ?? null) : null,
      },
      200,
    )
  })
  app.openapi(guarded(endReveal), async (context) => {
    const { id } = context.req.valid('param')
    context.get('audit').add({ target: id })
    const { person } = context.get('signedIn')
    if (!(await reveals.end(id, person.id, parts.clock.nowMs()))) throw fail('api.not-found')
    return context.body(null, 204)
  })
}
