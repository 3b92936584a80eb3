/** Carries out one step of an approval against everybody else who tries at the same time: read, decide, write if unchanged. */
import type { Approval, ApprovalTable, AttendedApproval } from '../model/approval.ts'
import type { Journal } from './journal.ts'
import type { DecisionRefusal, Move } from './state.ts'

export type Moved =
  | { readonly kind: 'moved'; readonly approval: AttendedApproval }
  | {
      readonly kind: 'refused'
      readonly reason: DecisionRefusal
      readonly approval: AttendedApproval
    }
  | { readonly kind: 'not-found' }

/** Each failed try means that another one succeeded; nothing is changed this often at once. */
const TRIES_MAX = 50

export interface MoveParts {
  readonly table: ApprovalTable
  /** Null where no evidence can be written (the command line): a gateway catches up. */
  readonly journal: Journal | null
}

/** When it resolves with `moved`, the step is stored and, with a journal, evidence. */
export async function move(
  { table, journal }: MoveParts,
  id: string,
  decide: (approval: Approval) => Move | Promise<Move>,
): Promise<Moved> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const approval = await table.byId(id)
    if (approval === null) return { kind: 'not-found' }
    const { attendance, ...bare } = approval
    const next = await decide(bare)
    if (next.kind === 'refused') return { ...next, approval }
    if (!(await table.change(next.approval, next.grant))) continue
    await journal?.write(next.approval)
    return { kind: 'moved', approval: { ...next.approval, attendance } }
  }
  throw new Error(`the approval ${id} is changed too often to be changed once more`)
}
