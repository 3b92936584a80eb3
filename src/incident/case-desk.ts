/** Where people work on cases: who may see which, what may still be written, and what each change leaves behind. */
import type { Clock } from '../lib/clock.ts'
import { isExchangeId, newControlId } from '../lib/ids.ts'
import type {
  CaseEntryRow,
  CaseFilter,
  CaseRow,
  CaseSeverity,
  CaseStatus,
  CaseTable,
  TlpLabel,
} from '../model/cases.ts'
import type { EvidenceEvent } from '../model/record.ts'
import { fail } from '../model/errors.ts'

export interface NewCase {
  readonly title: string
  readonly question: string
  readonly severity: CaseSeverity
  readonly tlp: TlpLabel
  readonly sealed: boolean
}

export type CaseChange = {
  readonly [Field in keyof NewCase]?: NewCase[Field] | undefined
} & { readonly status?: CaseStatus | undefined }

export type NewEntry = Pick<CaseEntryRow, 'kind' | 'parent' | 'target' | 'span' | 'text' | 'task'>

export interface EntryChange {
  readonly text?: string | undefined
  readonly task?: CaseEntryRow['task'] | undefined
  readonly isRemoved?: true | undefined
}

export interface SeenCase {
  readonly row: CaseRow
  /** False: it is sealed, and this person is no member; only that it is there may be told. */
  readonly isOpen: boolean
}

/** More would not be read by anybody. */
const ENTRIES_MAX = 5000

export type CaseDesk = ReturnType<typeof createCaseDesk>

/** What others are told of a case: never what a sealed one is about. */
function eventOf(row: CaseRow, actor: string, change: string): EvidenceEvent {
  const { id, number, status, severity, tlp, sealed, createdAtMs, updatedAtMs } = row
  return {
    type: 'case.changed',
    atMs: updatedAtMs,
    actor,
    details: {
      case: id,
      number,
      title: sealed ? '' : row.title,
      status,
      severity,
      tlp,
      sealed,
      change,
      openedAtMs: createdAtMs,
    },
  }
}

/** Does `work`, which pins exchanges in a case or takes a pin back, and says what that means for holds on the case. */
export type Pinning = <Result>(
  pins: {
    readonly case: string
    readonly exchanges: readonly string[]
    readonly isTakenBack: boolean
    /** Id of the person. */
    readonly by: string
  },
  work: () => Promise<Result>,
) => Promise<Result>

/** `tell` is given each change of what a case is; how it fares is not this desk's. */
export function createCaseDesk(
  table: CaseTable,
  clock: Clock,
  tell: (event: EvidenceEvent) => void = () => undefined,
  pinning: Pinning = (_, work) => work(),
) {
  let lastMs = 0
  const known = async (id: string): Promise<CaseRow> => {
    const row = await table.byId(id)
    if (row === null) throw fail('api.not-found')
    return row
  }
  const isMember = async (row: CaseRow, person: string): Promise<boolean> =>
    (await table.members(row.id)).some((member) => member.person === person)
  /** Need to know: what a sealed case holds is for its members. */
  const open = async (id: string, person: string): Promise<CaseRow> => {
    const row = await known(id)
    if (row.sealed && !(await isMember(row, person))) throw fail('case.sealed')
    return row
  }
  const noted = async (caseId: string, person: string, entry: NewEntry): Promise<CaseEntryRow> => {
    // Ids order entries, and those of one moment would come in any order.
    lastMs = Math.max(clock.nowMs(), lastMs + 1)
    const atMs = lastMs
    const row: CaseEntryRow = {
      id: newControlId('ce', atMs),
      caseId,
      atMs,
      person,
      editedAtMs: null,
      removedAtMs: null,
      version: 1,
      ...entry,
    }
    await table.insertEntry(row)
    return row
  }
  const underHolds = <Result>(
    pins: { readonly caseId: string; readonly person: string; readonly isTakenBack: boolean },
    entries: readonly Pick<NewEntry, 'kind' | 'target'>[],
    work: () => Promise<Result>,
  ): Promise<Result> => {
    const exchanges = entries.filter(({ kind }) => kind === 'pin').map(({ target }) => target)
    const known = exchanges.filter(isExchangeId)
    const { caseId, person, isTakenBack } = pins
    return known.length === 0
      ? work()
      : pinning({ case: caseId, exchanges: known, isTakenBack, by: person }, work)
  }
  const changed = (caseId: string, person: string, text: string, target = ''): Promise<unknown> =>
    noted(caseId, person, { kind: 'change', parent: null, target, span: null, text, task: null })

  return {
    list: async (filter: CaseFilter, person: string): Promise<readonly SeenCase[]> => {
      const [rows, own] = await Promise.all([table.list(filter), table.casesOf(person)])
      return rows.map((row) => ({ row, isOpen: !row.sealed || own.has(row.id) }))
    },
    open,
    members: (id: string) => table.members(id),
    entries: (id: string) => table.entries(id),
    create: async (person: string, wanted: NewCase): Promise<CaseRow> => {
      const atMs = clock.nowMs()
      const row = await table.insert({
        id: newControlId('cs', atMs),
        ...wanted,
        status: 'open',
        createdBy: person,
        createdAtMs: atMs,
        updatedAtMs: atMs,
        closedAtMs: null,
        version: 1,
      })
      await changed(row.id, person, 'opened')
      tell(eventOf(row, person, 'opened'))
      return row
    },
    update: async (
      id: string,
      person: string,
      version: number,
      change: CaseChange,
    ): Promise<CaseRow> => {
      const row = await open(id, person)
      const given = Object.fromEntries(
        Object.entries(change).filter(([, value]) => value !== undefined),
      )
      const atMs = clock.nowMs()
      const next: CaseRow = { ...row, ...given, updatedAtMs: atMs, version: version + 1 }
      const closedAtMs = next.status === 'closed' ? (row.closedAtMs ?? atMs) : null
      if (!(await table.update({ ...next, closedAtMs }))) throw fail('api.precondition')
      const changes = changesOf(row, next)
      if (changes.length > 0) await changed(id, person, changes.join(', '))
      if (changes.length > 0) tell(eventOf({ ...next, closedAtMs }, person, changes.join(', ')))
      return { ...next, closedAtMs }
    },
    addMember: async (id: string, by: string, person: string): Promise<void> => {
      await open(id, by)
      const added = await table.addMember({
        caseId: id,
        person,
        addedBy: by,
        addedAtMs: clock.nowMs(),
      })
      if (added) await changed(id, by, 'member added', person)
    },
    removeMember: async (id: string, by: string, person: string): Promise<void> => {
      await open(id, by)
      const done = await table.removeMember(id, person)
      if (done === 'none') throw fail('api.not-found')
      if (done === 'last') throw fail('case.last-member')
      await changed(id, by, 'member removed', person)
    },
    add: async (id: string, person: string, entry: NewEntry): Promise<CaseEntryRow> => {
      const row = await open(id, person)
      if (row.status === 'closed') throw fail('case.closed')
      const before = await table.entries(id)
      if (before.length >= ENTRIES_MAX)
        throw fail('api.conflict', `A case keeps at most ${ENTRIES_MAX} entries.`)
      if (entry.parent !== null && !before.some((one) => one.id === entry.parent))
        throw fail('api.not-found', 'The entry that it belongs to is not in this case.')
      return underHolds({ caseId: id, person, isTakenBack: false }, [entry], () =>
        noted(id, person, entry),
      )
    },
    /** Many at once, without asking the same for each. */
    addAll: async (
      id: string,
      person: string,
      entries: readonly NewEntry[],
    ): Promise<readonly CaseEntryRow[]> => {
      const row = await open(id, person)
      if (row.status === 'closed') throw fail('case.closed')
      const before = await table.entries(id)
      if (before.length + entries.length > ENTRIES_MAX)
        throw fail('api.conflict', `A case keeps at most ${ENTRIES_MAX} entries.`)
      return underHolds({ caseId: id, person, isTakenBack: false }, entries, async () => {
        const rows: CaseEntryRow[] = []
        for (const entry of entries) rows.push(await noted(id, person, entry))
        return rows
      })
    },
    edit: async (
      place: { readonly caseId: string; readonly entryId: string; readonly version: number },
      person: string,
      change: EntryChange,
    ): Promise<CaseEntryRow> => {
      const row = await open(place.caseId, person)
      if (row.status === 'closed') throw fail('case.closed')
      const entry = (await table.entries(place.caseId)).find((one) => one.id === place.entryId)
      if (entry === undefined || entry.removedAtMs !== null) throw fail('api.not-found')
      // What the case itself wrote, and what somebody else wrote, stays; anybody may tick off a task.
      const isOthers = entry.person !== person
      if (entry.kind === 'change' || (isOthers && change.text !== undefined))
        throw fail('api.forbidden', 'Only who wrote an entry changes its text.')
      if (isOthers && change.isRemoved === true)
        throw fail('api.forbidden', 'Only who wrote an entry takes it back.')
      const atMs = clock.nowMs()
      const next: CaseEntryRow = {
        ...entry,
        text: change.text ?? entry.text,
        task: change.task ?? entry.task,
        editedAtMs: change.text === undefined ? entry.editedAtMs : atMs,
        removedAtMs: change.isRemoved === true ? atMs : null,
        version: place.version + 1,
      }
      const write = async (): Promise<CaseEntryRow> => {
        if (!(await table.updateEntry(next))) throw fail('api.precondition')
        return next
      }
      return change.isRemoved === true
        ? underHolds({ caseId: place.caseId, person, isTakenBack: true }, [entry], write)
        : write()
    },
  }
}

function changesOf(before: CaseRow, after: CaseRow): readonly string[] {
  const texts: string[] = []
  if (before.status !== after.status) texts.push(`status ${before.status} → ${after.status}`)
  if (before.severity !== after.severity)
    texts.push(`severity ${before.severity} → ${after.severity}`)
  if (before.tlp !== after.tlp) texts.push(`TLP ${before.tlp} → ${after.tlp}`)
  if (before.sealed !== after.sealed) texts.push(after.sealed ? 'sealed' : 'unsealed')
  if (before.title !== after.title) texts.push('title changed')
  if (before.question !== after.question) texts.push('question changed')
  return texts
}
