/** Wires the approvals room: its desk for the data plane, its decisions for people, its rounds while nobody looks. */
import { createCardSeal } from '../approvals/card-seal.ts'
import type { CardSeal } from '../approvals/card-seal.ts'
import type { DecidingParts } from '../approvals/deciding.ts'
import { createApprovalDesk } from '../approvals/desk.ts'
import { createJournal } from '../approvals/journal.ts'
import { keepDelivering, noticesOf } from '../approvals/notify/couriers.ts'
import type { CourierParts } from '../approvals/notify/couriers.ts'
import { membershipsOf, rosterOf } from '../approvals/roster.ts'
import type { Memberships, RosterSources } from '../approvals/roster.ts'
import { keepRounds } from '../approvals/rounds.ts'
import { createApprovalWatch } from '../approvals/watch.ts'
import type { LoginConfig } from '../config/login-config.ts'
import { approverGroups } from '../identity/login/approver-groups.ts'
import type { Clock } from '../lib/clock.ts'
import type { ApprovalSettings } from '../model/approval-settings.ts'
import type { ApprovalDesk } from '../model/approval.ts'
import type { Recorder } from '../model/recorder.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface Approvals extends AsyncDisposable {
  readonly desk: ApprovalDesk
  readonly deciding: DecidingParts
  readonly memberships: () => Promise<Memberships>
  readonly seal: CardSeal
  /** Callers that wait are told to come back: the gateway is going down. */
  readonly letGo: () => void
}

export interface ApprovalSources {
  readonly clock: Clock
  readonly store: Store
  readonly recorder: Recorder
  readonly log: Logger
  /** Key of the tenant; card excerpts are encrypted under a key made from it. */
  readonly master: Buffer
  readonly settings: () => ApprovalSettings
  readonly login: () => LoginConfig
  readonly consoleUrl: () => string
  readonly authorsOf: DecidingParts['authorsOf']
  readonly mayQuote: CourierParts['mayQuote']
}

/** What says who is in which group of approvers. */
export interface RosterPlaces {
  readonly control: Pick<Store['control'], 'people' | 'scim' | 'loginGroups'>
  readonly clock: Clock
  readonly settings: () => ApprovalSettings
  readonly login: () => LoginConfig
}

/** Read each time: somebody who left a group a moment ago decides nothing any more. */
function membershipsFrom(places: RosterPlaces): () => Promise<Memberships> {
  return async () => membershipsOf(await rosterSources(places))
}

export function rosterFrom(places: RosterPlaces): DecidingParts['roster'] {
  return async () => rosterOf(await rosterSources(places))
}

async function rosterSources({
  control: { people, scim, loginGroups },
  clock,
  settings,
  login,
}: RosterPlaces): Promise<RosterSources> {
  return {
    groups: settings().groups,
    provisioned: await scim.groups.list(),
    loggedIn: approverGroups(await loginGroups.list(), login(), clock.nowMs()),
    people: await people.list(),
  }
}

export function openApprovals(sources: ApprovalSources): Approvals {
  const { clock, store, recorder, log, settings } = sources
  const table = store.control.approvals
  const places = { control: store.control, clock, settings, login: sources.login }
  const note = recorder.note.bind(recorder)
  const onFault = (what: string, error: unknown): void => log.error({ what }, 'approvals', error)
  const stack = new AsyncDisposableStack()
  const notices = store.control.notices
  const journal = createJournal({
    table,
    note,
    announce: (approval, step) => notices.add(noticesOf(settings(), approval, step, clock.nowMs())),
  })
  const watch = stack.use(createApprovalWatch(table, onFault))
  const seal = createCardSeal(sources.master)
  const consoleUrl = (): string => settings().consoleUrl ?? sources.consoleUrl()
  const { mayQuote } = sources
  stack.use(
    keepDelivering({ notices, table, clock, seal, settings, consoleUrl, mayQuote, onFault }),
  )
  stack.use(keepRounds({ table, clock, journal, onFault }))
  return {
    desk: createApprovalDesk({
      table,
      clock,
      journal,
      watch,
      seal,
      note,
      consoleUrl,
      ownerOf: async (keyId) => (await store.keys.byId(keyId))?.owner ?? null,
    }),
    deciding: {
      table,
      people: store.control.people,
      clock,
      journal,
      settings,
      roster: rosterFrom(places),
      authorsOf: sources.authorsOf,
    },
    memberships: membershipsFrom(places),
    seal,
    letGo: () => watch.close(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
