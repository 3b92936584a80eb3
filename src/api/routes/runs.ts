/** Serves the guided run: a trace that opens its case, how far it is, containment in one act, the block rule, messages. */
import type { Context } from 'hono'
import { receiversOf, tellPeople } from '../../approvals/notify/tell-people.ts'
import { checkLock, lockState, setLock } from '../../identity/locks.ts'
import type { LockRequest } from '../../identity/locks.ts'
import { byLogin } from '../../identity/key-ownership.ts'
import { blockRule } from '../../incident/run/block-rule.ts'
import { pinEntries, searchEntry } from '../../incident/run/kept-trace.ts'
import { noticeText } from '../../incident/run/notice-text.ts'
import type { RunParts } from '../../incident/run/run-state.ts'
import {
  pinnedExchanges,
  sharedValues,
  sourcesOf,
  subjectsOf,
} from '../../incident/run/run-state.ts'
import type { PinnedExchange } from '../../incident/run/sources.ts'
import type { TraceResult } from '../../incident/trace/trace-result.ts'
import { newControlId } from '../../lib/ids.ts'
import type { CaseEntryRow, CaseRow } from '../../model/cases.ts'
import { containCase, proposeRule, readRun, startRun, tellCase } from '../contract/runs.ts'
import type { RunState } from '../contract/runs.ts'
import { idempotent } from '../idempotent.ts'
import type { ApiEnv, ApiParts } from '../parts.ts'
import { peopleById } from '../people-by-id.ts'
import { InvalidRequest } from '../problem.ts'
import type { Registrar } from '../registrar.ts'
import { shownTo, traceOf } from '../traced.ts'
import { shownCase } from './cases.ts'

const DAY_MS = 86_400_000
const EXPOSURES_MAX = 500

export function runRoutes(registrar: Registrar): void {
  startRoute(registrar)
  stateRoute(registrar)
  containRoute(registrar)
  ruleRoute(registrar)
  tellRoute(registrar)
}

const personOf = (context: Context<ApiEnv>): string => context.get('signedIn').person.id

function startRoute({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(startRun), async (context) => {
    const { text, case: known, parent } = context.req.valid('json')
    const startedMs = parts.clock.monotonicMs()
    const person = personOf(context)
    // Before anything is traced: a case that one may not write to gets no trace.
    const before = known === undefined ? null : await parts.cases.open(known, person)
    const { digest, result } = await traceOf(
      context,
      parts,
      text,
      known === undefined ? {} : { case: known },
    )
    const row = before ?? (await newCase(parts, person, result))
    const kept = await keep(parts, { row, person, digest, result, parent: parent ?? null })
    const tookMs = Math.round(parts.clock.monotonicMs() - startedMs)
    const shown = await shownTo(parts, person, result, EXPOSURES_MAX)
    const answer = { digest, tookMs, ...shown }
    const people = await peopleById(parts)
    return context.json({ case: shownCase({ row, isOpen: true }, people), ...kept, answer }, 200)
  })
}

function newCase(parts: ApiParts, person: string, result: TraceResult): Promise<CaseRow> {
  const at = new Date(parts.clock.nowMs()).toISOString().slice(0, 16).replace('T', ' ')
  return parts.cases.create(person, {
    title: `Text that leaked, traced ${at} UTC`,
    question:
      'A text turned up where it should not be. Who was exposed to it, and how did it get out?',
    severity: result.exposures.some(({ direction }) => direction === 'received')
      ? 'high'
      : 'medium',
    tlp: 'amber',
    sealed: false,
  })
}

interface Kept {
  readonly row: CaseRow
  readonly person: string
  readonly digest: string
  readonly result: TraceResult
  readonly parent: string | null
}

async function keep({ cases, desk }: ApiParts, { row, person, digest, result, parent }: Kept) {
  const entries = await cases.entries(row.id)
  const isKnown = entries.some(({ id, kind }) => id === parent && kind === 'search')
  const [search] = await cases.addAll(row.id, person, [
    searchEntry(digest, result, isKnown ? parent : null),
  ])
  const pinned = new Set(
    entries
      .filter(({ kind, removedAtMs }) => kind === 'pin' && removedAtMs === null)
      .map(({ target }) => target),
  )
  const pins = await pinEntries(desk, result, search?.id ?? '', pinned)
  await cases.addAll(row.id, person, pins)
  return { search: search?.id ?? '', pinned: pins.length }
}

interface CaseFacts {
  readonly row: CaseRow
  readonly entries: readonly CaseEntryRow[]
  readonly pinned: readonly PinnedExchange[]
}

async function factsOf(parts: ApiParts, id: string, person: string): Promise<CaseFacts> {
  const row = await parts.cases.open(id, person)
  const entries = await parts.cases.entries(id)
  return { row, entries, pinned: await pinnedExchanges(parts.desk, entries) }
}

function runParts(parts: ApiParts): RunParts {
  const { clock, desk, keys, control, keyRules } = parts
  const people = async () => byLogin(await control.people.list())
  return { clock, desk, keys, locks: control.locks, people, keyRules }
}

function stateRoute({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(readRun), async (context) => {
    const { id } = context.req.valid('param')
    const facts = await factsOf(parts, id, personOf(context))
    const sources = await sourcesOf(runParts(parts), facts.pinned)
    const subjects = await subjectsOf(runParts(parts), sources)
    const values = await sharedValues(runParts(parts), facts.pinned)
    await context.get('audit').shown({ target: id, details: { run: true } })
    const people = await peopleById(parts)
    const { row, entries, pinned } = facts
    const url = `${parts.consoleUrl()}/cases/${row.id}`
    return context.json(
      {
        case: shownCase({ row, isOpen: true }, people),
        searches: searchesOf(entries, (one) => people.get(one)?.login ?? ''),
        exposure: exposureOf(pinned),
        sources: sources.map(({ weight: _weight, ...source }) => ({
          ...source,
          why: [...source.why],
          locks: [...source.locks],
        })),
        subjects: [...subjects],
        values: [...values],
        receivers: [...receiversOf(parts.approvals.deciding.settings())],
        notice: noticeText({ row, pinned, sources, entries, url }),
        done: doneOf(facts),
      },
      200,
    )
  })
}

function searchesOf(
  entries: readonly CaseEntryRow[],
  nameOf: (person: string) => string,
): RunState['searches'] {
  return entries
    .filter(({ kind, removedAtMs }) => kind === 'search' && removedAtMs === null)
    .map(({ id, parent, atMs, person, text, target }) => ({
      id,
      parent,
      atMs,
      by: nameOf(person),
      text,
      target,
      pins: entries.filter((one) => one.kind === 'pin' && one.parent === id).length,
    }))
}

function exposureOf(pinned: readonly PinnedExchange[]): RunState['exposure'] {
  const rows = pinned.map(({ row }) => row)
  const counted = (values: readonly string[]) =>
    [
      ...Map.groupBy(
        values.filter((value) => value !== ''),
        (value) => value,
      ),
    ]
      .map(([value, all]) => ({ value, count: all.length }))
      .toSorted((a, b) => b.count - a.count)
  return {
    exchanges: rows.map(({ id }) => id),
    returned: pinned.filter(({ returned }) => returned).length,
    firstAtMs: rows[0]?.receivedAtMs ?? null,
    lastAtMs: rows.at(-1)?.receivedAtMs ?? null,
    principals: counted(rows.map(({ principal }) => principal)),
    services: counted(rows.map(({ service }) => service)),
    models: counted(rows.map(({ model, upstream }) => `${model ?? ''} at ${upstream}`.trim())),
  }
}

function doneOf({ row, entries, pinned }: CaseFacts): RunState['done'] {
  const targets = entries
    .filter(({ kind, removedAtMs }) => kind === 'action' && removedAtMs === null)
    .map(({ target }) => target)
  const has = (prefix: string): boolean => targets.some((target) => target.startsWith(prefix))
  return {
    exposed: pinned.length > 0,
    contained: has('lk_') || row.status !== 'open',
    ruled: has('policy '),
    told: has('nt_'),
    held: has('ho_'),
    handedOut: has('bn_'),
  }
}

function containRoute({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(containCase), async (context) => {
    const { id } = context.req.valid('param')
    const { locks: wanted, reason, expiresInMs } = context.req.valid('json')
    const audit = context.get('audit')
    audit.add({ target: id, reason, details: { locks: wanted.length } })
    const { person } = context.get('signedIn')
    const row = await parts.cases.open(id, person.id)
    const requests = wanted.map((one): LockRequest => ({ ...one, reason, expiresInMs }))
    // All or none: half a containment would look like a whole one.
    const problems = requests.flatMap((request, at) =>
      checkLock(request).map(({ field, problem }) => ({
        path: `locks.${at}.${field}`,
        message: problem,
      })),
    )
    if (problems.length > 0) throw new InvalidRequest(problems)
    const set = []
    for (const request of requests) {
      const result = await setLock(parts.control.locks, parts.clock, person.login, request)
      if (result.kind === 'invalid') continue
      const { lock } = result
      const cut = await parts.containment.applied(lock.id)
      const done = `Locked ${lock.kind} ${lock.value}${cut === 0 ? '' : `, ${cut} in flight cut`}`
      await parts.cases.add(id, person.id, {
        kind: 'action',
        parent: null,
        target: lock.id,
        span: null,
        text: `${done}: ${reason}`,
        task: null,
      })
      set.push({ lock: { ...lock, state: lockState(lock, parts.clock.nowMs()) }, cut })
    }
    if (row.status === 'open')
      await parts.cases.update(id, person.id, row.version, { status: 'contained' })
    const cut = set.reduce((sum, one) => sum + one.cut, 0)
    audit.add({ details: { cut } })
    return context.json({ locks: set, cut }, 200)
  })
}

function ruleRoute({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(proposeRule), async (context) => {
    const { id } = context.req.valid('param')
    const { phrase, findings, days } = context.req.valid('json')
    // The words themselves stay out of the trail.
    context.get('audit').add({
      target: id,
      details: { words: phrase.length, findings: findings.length, days },
    })
    const row = await parts.cases.open(id, personOf(context))
    const wanted = blockRule(row, { phrase, findings })
    if (wanted === null)
      throw new InvalidRequest([{ path: 'phrase', message: 'is empty, and no finding is named' }])
    const { policy } = parts
    const now = policy.inForce()
    const { text, rule } = policy.withRule(now.text, wanted)
    const problems = policy
      .check(text)
      .remarks.filter(({ kind }) => kind === 'problem')
      .map(({ message }) => message)
    const report = await policy.backtest(text, parts.clock.nowMs() - days * DAY_MS)
    const backtest =
      report === null
        ? null
        : {
            ...report,
            rules: report.rules
              .filter((one) => one.rule === wanted['id'])
              .map((one) => ({ ...one, samples: [...one.samples] })),
            byService: { ...report.byService },
            byDay: { ...report.byDay },
          }
    const { source, version } = now
    return context.json({ rule, text, basedOn: version, source, problems, backtest }, 200)
  })
}

function tellRoute({ app, parts, guarded }: Registrar): void {
  app.openapi(guarded(tellCase), async (context) => {
    const { id } = context.req.valid('param')
    const { receivers, subject, text } = context.req.valid('json')
    const settings = parts.approvals.deciding.settings()
    const known = receiversOf(settings)
    const unknown = receivers.findIndex((one) => !known.includes(one))
    if (unknown !== -1)
      throw new InvalidRequest([
        { path: `receivers.${unknown}`, message: 'is no receiver of custody.yaml' },
      ])
    context.get('audit').add({ target: id, details: { receivers: receivers.join(', ') } })
    const person = personOf(context)
    const row = await parts.cases.open(id, person)
    const answer = await idempotent(context, parts, 'cases.tell', async () => {
      const atMs = parts.clock.nowMs()
      const notice = newControlId('nt', atMs)
      const url = `${parts.consoleUrl()}/cases/${row.id}`
      const message = { id: notice, atMs, type: 'case.told', subject, text, url, about: row.id }
      const told = await tellPeople(settings, [...new Set(receivers)], message)
      const reached = told.filter(({ problem }) => problem === '')
      if (reached.length > 0)
        await parts.cases.add(id, person, {
          kind: 'action',
          parent: null,
          target: notice,
          span: null,
          text: `Told ${reached.map(({ receiver }) => receiver).join(', ')}: ${subject}`,
          task: null,
        })
      const stored = { told: [...told] }
      return { answer: stored, stored }
    })
    return context.json(answer, 200)
  })
}
