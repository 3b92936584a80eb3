/** An approval desk with people on a real store, for tests that need no gateway; time passes when the test says so. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CardSeal } from '../../src/approvals/card-seal.ts'
import { createCardSeal } from '../../src/approvals/card-seal.ts'
import type { DecidingParts } from '../../src/approvals/deciding.ts'
import { decide, revokeGrant, withdraw } from '../../src/approvals/deciding.ts'
import { createApprovalDesk } from '../../src/approvals/desk.ts'
import { createJournal } from '../../src/approvals/journal.ts'
import type { Moved } from '../../src/approvals/moves.ts'
import { goRound } from '../../src/approvals/rounds.ts'
import { rosterOf } from '../../src/approvals/roster.ts'
import type { Ballot } from '../../src/approvals/state.ts'
import { createApprovalWatch } from '../../src/approvals/watch.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { ApprovalSettings } from '../../src/model/approval-settings.ts'
import { APPROVAL_SETTINGS } from './approval-settings.ts'
import type { ApprovalDesk, FrozenRequest, HoldQuestion } from '../../src/model/approval.ts'
import type { EvidenceEvent } from '../../src/model/record.ts'
import { openStore } from '../../src/store/store.ts'
import { askedRule, askedTerms, frozen } from '../store/approval-samples.ts'
import { EPOCH_MS } from '../store/samples.ts'
import { placeDatabases } from './made-databases.ts'

export interface HeldClock extends Clock {
  readonly pass: (ms: number) => void
}

export function heldClock(): HeldClock {
  let nowMs = EPOCH_MS
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    pass: (ms) => {
      nowMs += ms
    },
  }
}

export interface Office extends AsyncDisposable {
  readonly folder: string
  readonly clock: HeldClock
  readonly desk: ApprovalDesk
  readonly deciding: DecidingParts
  readonly seal: CardSeal
  readonly events: () => readonly string[]
  readonly noted: () => readonly EvidenceEvent[]
  readonly decide: (
    id: string,
    login: string,
    ballot: Partial<Ballot>,
    parts?: Partial<DecidingParts>,
  ) => Promise<Moved>
  readonly withdraw: (id: string, login: string) => Promise<Moved>
  readonly revoke: (id: string, login: string) => Promise<boolean>
  readonly round: () => Promise<void>
}

export interface OfficeOptions {
  /** Shares the store with another office. */
  readonly folder?: string
  readonly clock?: HeldClock
  readonly settings?: Partial<ApprovalSettings>
}

const LOGINS = ['dana', 'erin', 'finn', 'gus']

export async function office(options: OfficeOptions = {}): Promise<Office> {
  await using stack = new AsyncDisposableStack()
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'custody-office-')))
  if (options.folder === undefined) stack.defer(() => rm(folder, { recursive: true, force: true }))
  await placeDatabases(folder)
  const store = stack.use(await openStore({ kind: 'sqlite', folder }))
  const clock = options.clock ?? heldClock()
  const { approvals: table, people } = store.control
  for (const [n, login] of LOGINS.entries()) {
    await people.insert({
      id: `per_${n}`,
      login,
      name: login,
      roles: ['approver'],
      disabledAtMs: null,
      createdAtMs: EPOCH_MS,
      lastLoginAtMs: null,
      version: 1,
      managedBy: '',
    })
  }
  const noted: EvidenceEvent[] = []
  const note = async (event: EvidenceEvent): Promise<void> => {
    noted.push(event)
  }
  const onFault = (what: string, error: unknown): void => {
    throw new Error(what, { cause: error })
  }
  const journal = createJournal({ table, note, announce: async () => {} })
  const watch = stack.use(createApprovalWatch(table, onFault))
  const seal = createCardSeal(Buffer.alloc(32, 7))
  const settings = { ...APPROVAL_SETTINGS, ...options.settings }
  const deciding: DecidingParts = {
    table,
    people,
    clock,
    journal,
    settings: () => settings,
    roster: async () =>
      rosterOf({
        groups: settings.groups,
        provisioned: [],
        loggedIn: new Map(),
        people: await people.list(),
      }),
    authorsOf: async () => new Map(),
  }
  const actor = async (login: string) => {
    const person = await people.byLogin(login)
    if (person === null) throw new Error(`nobody is ${login}`)
    return { person, isFresh: false }
  }
  const owned = stack.move()
  return {
    folder,
    clock,
    deciding,
    seal,
    desk: createApprovalDesk({
      table,
      clock,
      journal,
      watch,
      seal,
      note,
      consoleUrl: () => 'http://console.test',
      ownerOf: async () => null,
    }),
    events: () => noted.map(({ type }) => type),
    noted: () => noted,
    decide: async (id, login, ballot, parts = {}) =>
      decide({ ...deciding, ...parts }, id, await actor(login), {
        choice: 'once',
        reason: '',
        surface: 'api',
        breakGlass: false,
        ...ballot,
      }),
    withdraw: async (id, login) =>
      withdraw(deciding, id, await actor(login), { reason: '', surface: 'api' }),
    revoke: (id, login) => revokeGrant(deciding, id, login, note),
    round: () => goRound({ table, clock, journal, onFault }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export function question(
  { clock }: { readonly clock: Clock },
  changes: Partial<FrozenRequest> = {},
): HoldQuestion {
  return {
    request: frozen(changes),
    asks: [askedRule()],
    terms: askedTerms(),
    excerpts: [
      { entity: 'CREDIT_CARD', rule: 'cards', fresh: true, text: 'pay to [CREDIT_CARD] now' },
    ],
    waitUntilMs: clock.nowMs() + 10_000_000,
  }
}
