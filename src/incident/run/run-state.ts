/** Reads how far an investigation is from its case, from the records that it pins, and from what holds now. */
import { keyStanding } from '../../identity/key-ownership.ts'
import type { KeyRules, PeopleByLogin } from '../../identity/key-ownership.ts'
import type { Clock } from '../../lib/clock.ts'
import { isExchangeId } from '../../lib/ids.ts'
import type { CaseEntryRow } from '../../model/cases.ts'
import type { LockRow, LockTable } from '../../model/containment.ts'
import type { KeyRow, KeyTable } from '../../model/keys.ts'
import type { ExchangeDesk } from '../exchange-desk.ts'
import { ciRunOf } from '../ci-run.ts'
import type { CiRun } from '../ci-run.ts'
import { previewOf } from '../lock-preview.ts'
import type { PinnedExchange, Source } from './sources.ts'
import { rankedSources, sourceOf } from './sources.ts'

export interface RunParts {
  readonly clock: Clock
  readonly desk: ExchangeDesk
  readonly keys: KeyTable
  readonly locks: LockTable
  readonly people: () => Promise<PeopleByLogin>
  readonly keyRules: () => KeyRules
}

export interface Subject {
  readonly kind: 'key' | 'person' | 'principal' | 'service' | 'conversation'
  readonly value: string
  readonly why: string
  readonly exchanges: number
  readonly inFlight: number
  readonly isLocked: boolean
  readonly isAdvised: boolean
}

const SOURCES_MAX = 20
const SUBJECTS_MAX = 12
const NO_RUN: CiRun = { repository: '', run: '', runUrl: null, by: 'nothing' }

/** Oldest first; each exchange once, with whether its answer returned what leaked. */
export async function pinnedExchanges(
  desk: ExchangeDesk,
  entries: readonly CaseEntryRow[],
): Promise<readonly PinnedExchange[]> {
  const pinned = new Map<string, PinnedExchange>()
  for (const { kind, target, span, removedAtMs } of entries) {
    if (kind !== 'pin' || removedAtMs !== null || !isExchangeId(target)) continue
    const before = pinned.get(target)
    const row = before?.row ?? (await desk.row(target, null))
    if (row === null) continue
    const returned = span?.part === 'answer' || (before?.returned ?? false)
    pinned.set(target, { row, returned })
  }
  return [...pinned.values()].toSorted((a, b) => a.row.receivedAtMs - b.row.receivedAtMs)
}

export async function sourcesOf(
  parts: RunParts,
  pinned: readonly PinnedExchange[],
): Promise<readonly Source[]> {
  const nowMs = parts.clock.nowMs()
  const [people, held] = await Promise.all([parts.people(), parts.locks.active(nowMs)])
  const groups = Map.groupBy(pinned, ({ row }) => row.keyId ?? `principal ${row.principal}`)
  const sources: Source[] = []
  for (const group of [...groups.values()].slice(0, SOURCES_MAX)) {
    const [first] = group
    const last = group.at(-1)
    if (first === undefined || last === undefined) continue
    const key = first.row.keyId === null ? null : await parts.keys.byId(first.row.keyId)
    sources.push(
      sourceOf({
        key,
        standing: key === null ? null : keyStanding(key, people, parts.keyRules(), nowMs),
        run: await runOf(parts.desk, last),
        pinned: group,
        locks: held.filter((lock) => isOn(lock, first, key)).map(({ id }) => id),
        nowMs,
      }),
    )
  }
  return rankedSources(sources)
}

async function runOf(desk: ExchangeDesk, { row }: PinnedExchange): Promise<CiRun> {
  const reading = await desk.recorded(row)
  if (reading.kind === 'unreadable') return NO_RUN
  const { principal, tags } = reading.recorded.facts
  return ciRunOf(principal, tags)
}

function isOn({ kind, value }: LockRow, { row }: PinnedExchange, key: KeyRow | null): boolean {
  if (kind === 'key') return value === row.keyId
  if (kind === 'principal') return value === row.principal
  if (kind === 'service') return value !== '' && value === row.service
  return kind === 'person' && (value === row.principal || value === key?.owner)
}

export interface SharedValue {
  readonly entity: string
  readonly fingerprint: string
  /** Of the pinned exchanges, how many sent it. */
  readonly exchanges: number
}

const VALUES_MAX = 20

/** Values that detection saw in what was sent, those of the most pinned exchanges first: what leaked is among them when it holds one. */
export async function sharedValues(
  { desk }: RunParts,
  pinned: readonly PinnedExchange[],
): Promise<readonly SharedValue[]> {
  const values = new Map<string, { entity: string; exchanges: Set<string> }>()
  for (const found of await desk.search.findingsOf(pinned.map(({ row }) => row.id))) {
    if (found.direction !== 'request') continue
    const value = values.get(found.fingerprint)
    if (value === undefined)
      values.set(found.fingerprint, { entity: found.entity, exchanges: new Set([found.exchange]) })
    else value.exchanges.add(found.exchange)
  }
  return [...values]
    .map(([fingerprint, { entity, exchanges }]) => ({
      entity,
      fingerprint,
      exchanges: exchanges.size,
    }))
    .toSorted((a, b) => b.exchanges - a.exchanges)
    .slice(0, VALUES_MAX)
}

/** What can be locked about the likeliest source first; what is advised stands at the top. */
export async function subjectsOf(
  parts: RunParts,
  sources: readonly Source[],
): Promise<readonly Subject[]> {
  const wanted = new Map<string, Omit<Subject, 'exchanges' | 'inFlight' | 'isLocked'>>()
  for (const [at, source] of sources.entries()) {
    // The origin, where something speaks against it; others stay open unless somebody decides otherwise.
    const isAdvised = at === 0 && source.why.length > 0
    const add = (kind: Subject['kind'], value: string, why: string, advised: boolean): void => {
      const name = `${kind} ${value}`
      if (value !== '' && !wanted.has(name))
        wanted.set(name, { kind, value, why, isAdvised: advised && isAdvised })
    }
    if (source.keyState === 'active')
      add('key', source.key ?? '', `key ${source.keyName || source.key}`, true)
    add('principal', source.principal, `everything recorded under ${source.principal}`, true)
    add('service', source.service, `every caller of ${source.service}`, false)
  }
  const subjects: Subject[] = []
  for (const subject of [...wanted.values()].slice(0, SUBJECTS_MAX)) {
    const preview = await previewOf(subject, { ...parts, search: parts.desk.search })
    subjects.push({
      ...subject,
      exchanges: preview.exchanges,
      inFlight: preview.inFlight,
      isLocked: preview.locks.length > 0,
    })
  }
  return subjects
}
