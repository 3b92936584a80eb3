/** Approvals on a data folder, with or without a running gateway: it makes evidence of what is decided here. */
import { join } from 'node:path'
import { rosterFrom } from '../app/approvals.ts'
import { createRuleAuthors } from '../app/rule-authors.ts'
import { createCardSeal } from '../approvals/card-seal.ts'
import { decide } from '../approvals/deciding.ts'
import type { DecidingParts } from '../approvals/deciding.ts'
import { DECISION_REFUSALS } from '../approvals/state.ts'
import type { Ballot } from '../approvals/state.ts'
import { shownApproval } from '../api/shown-approval.ts'
import type { Approval, ApprovalCard } from '../api/contract/approvals.ts'
import { openLocalKeyProvider } from '../evidence/key-provider.ts'
import { openMaskingKey } from '../evidence/keyring.ts'
import { systemClock } from '../lib/clock.ts'
import type { ApprovalFilter } from '../model/approval.ts'
import type { PersonRow } from '../model/people.ts'
import { hasRecords, openConfiguredStore } from './data-folder.ts'
import { configFor } from './load.ts'

export type Shown = 'pending' | 'decided' | 'review'

export type Outcome =
  | { readonly kind: 'decided'; readonly approval: Approval }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'nobody'; readonly login: string }
  | { readonly kind: 'not-found' }

export interface ApprovalsHere extends AsyncDisposable {
  readonly list: (show: Shown, limit: number) => Promise<readonly Approval[]>
  readonly card: (id: string) => Promise<ApprovalCard | null>
  readonly decide: (id: string, ballot: Omit<Ballot, 'surface'>) => Promise<Outcome>
}

const FILTERS = {
  pending: { states: ['pending'] },
  decided: { states: ['approved', 'approved-masked', 'denied', 'expired', 'cancelled'] },
  review: { unreviewed: true },
} as const satisfies Record<Shown, Omit<ApprovalFilter, 'limit'>>

/** Null when there is nothing to open; then it was said why. */
export async function approvalsHere(
  options: { readonly data?: string; readonly config?: string },
  login: string,
): Promise<ApprovalsHere | null> {
  const { config } = configFor({ data: options.data, config: options.config })
  const { folder } = config.storage
  if (!hasRecords(folder)) return null
  const store = await openConfiguredStore(config)
  const { approvals: table, people } = store.control
  const parts: DecidingParts = {
    table,
    people,
    clock: systemClock,
    journal: null,
    settings: () => config.approvals,
    roster: rosterFrom({
      control: store.control,
      clock: systemClock,
      settings: () => config.approvals,
      login: () => config.login,
    }),
    authorsOf: createRuleAuthors(store.control.policyVersions),
  }
  const roster = await parts.roster()
  const known = await people.byLogin(login)
  const person = known !== null && known.disabledAtMs === null ? known : null
  const shown = (approval: Parameters<typeof shownApproval>[1]): Approval =>
    shownApproval({ ...parts, roster }, approval, person ?? stranger(login))
  return {
    list: async (show, limit) => (await table.list({ ...FILTERS[show], limit })).map(shown),
    card: async (id) => {
      const approval = await table.byId(id)
      if (approval === null) return null
      const keys = join(folder, 'keys')
      const seal = createCardSeal(await openMaskingKey(keys, await openLocalKeyProvider(keys)))
      const { principal } = approval.request
      const before = await table.list({ principal, before: id, limit: 1 })
      return {
        approval: shown(approval),
        withheld: '',
        excerpts: [...seal.open(id, approval.sealedCard)],
        firstTime: before.length === 0,
      }
    },
    decide: async (id, ballot) => {
      if (person === null || !person.roles.includes('approver')) return { kind: 'nobody', login }
      const actor = { person, isFresh: false }
      const moved = await decide(parts, id, actor, { ...ballot, surface: 'cli' })
      switch (moved.kind) {
        case 'moved':
          return { kind: 'decided', approval: shown(moved.approval) }
        case 'refused':
          return { kind: 'refused', message: saidOf(moved) }
        case 'not-found':
          return moved
      }
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

function saidOf({
  reason,
  approval,
}: {
  readonly reason: keyof typeof DECISION_REFUSALS
  readonly approval: { readonly state: string }
}): string {
  const said = DECISION_REFUSALS[reason].replace(/\.$/, '')
  const words = said.charAt(0).toLowerCase() + said.slice(1)
  return reason === 'decided' ? `${words}: ${approval.state}` : words
}

/** Whoever reads the folder without being a person of the console. */
function stranger(login: string): PersonRow {
  return {
    id: '',
    login,
    name: '',
    roles: [],
    disabledAtMs: null,
    createdAtMs: 0,
    lastLoginAtMs: null,
    managedBy: '',
    version: 0,
  }
}
