/** Wires the approvals room: its desk for the data plane, its decisions for people, its rounds while nobody looks. */
import { createCardSeal } from '../approvals/card-seal.ts'
import type { CardSeal } from '../approvals/card-seal.ts'
import type { DecidingParts } from '../approvals/deciding.ts'
import { createApprovalDesk } from '../approvals/desk.ts'
import { createJournal } from '../approvals/journal.ts'
import { keepDelivering, noticesOf } from '../approvals/notify/couriers.ts'
import type { CourierParts } from '../approvals/notify/couriers.ts'
import { rosterOf } from '../approvals/roster.ts'
import { keepRounds } from '../approvals/rounds.ts'
import { createApprovalWatch } from '../approvals/watch.ts'
import type { Clock } from '../lib/clock.ts'
import type { ApprovalSettings } from '../model/approval-settings.ts'
import type { ApprovalDesk } from '../model/approval.ts'
import type { Recorder } from '../model/recorder.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface Approvals extends AsyncDisposable {
  readonly desk: ApprovalDesk
  readonly deciding: DecidingParts
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
  readonly consoleUrl: () => string
  readonly authorsOf: DecidingParts['authorsOf']
  readonly mayQuote: CourierParts['mayQuote']
}

/** Read each time: somebody who left a group a moment ago decides nothing any more. */
export function rosterFrom(
  { people, scim }: Pick<Store['control'], 'people' | 'scim'>,
  settings: () => ApprovalSettings,
): DecidingParts['roster'] {
  return async () => rosterOf(settings(), await scim.groups.list(), await people.list())
}

export function openApprovals(sources: ApprovalSources): Approvals {
  const { clock, store, recorder, log, settings } = sources
  const table = store.control.approvals
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
      roster: rosterFrom(store.control, settings),
      authorsOf: sources.authorsOf,
    },
    seal,
    letGo: () => watch.close(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
