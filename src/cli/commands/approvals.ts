/** `custody approvals list | show | approve | deny`: held requests, on the data folder whether or not a gateway runs, or through the API. */
import type { Command } from 'commander'
import { ownerName } from '../../app/starter-key.ts'
import { decideApproval, listApprovals, readApproval } from '../../api/contract/approvals.ts'
import type { Approval, ApprovalCard } from '../../api/contract/approvals.ts'
import type { ApprovalChoice } from '../../model/approval.ts'
import { cardText, showApprovals } from '../approval-text.ts'
import { approvalsHere } from '../approvals-here.ts'
import type { ApprovalsHere } from '../approvals-here.ts'
import { EXIT, failWith, print, printJson } from '../output.ts'
import { withData } from '../data-options.ts'
import type { DataOptions } from '../data-options.ts'
import { serverFor } from '../remote/server-options.ts'

interface ListOptions extends DataOptions {
  readonly decided?: boolean
  readonly review?: boolean
}

interface DecideOptions extends DataOptions {
  readonly reason?: string
  readonly as?: string
  readonly breakGlass?: boolean
}

interface ApproveOptions extends DecideOptions {
  readonly masked?: boolean
  readonly conversation?: boolean
}

const LISTED_MAX = 200

export function registerApprovals(program: Command): void {
  const approvals = program
    .command('approvals')
    .description('list held requests, and approve or deny them')
  withData(approvals.command('list').description('requests that wait for a decision, newest first'))
    .option('--decided', 'those that are decided, in place of those that wait')
    .option('--review', 'break-glass approvals that nobody has reviewed yet')
    .action(list)
  withData(
    approvals
      .command('show')
      .description('one held request: who, why, what is new, masked excerpts')
      .argument('<id>', 'approval id'),
  ).action(show)
  withDecision(
    approvals.command('approve').description('let the request go').argument('<id>', 'approval id'),
  )
    .option('--masked', 'with what was found masked')
    .option('--conversation', 'for what follows in the same conversation too, for a while')
    .action((id: string, options: ApproveOptions) => decide(id, choiceOf(options), options))
  withDecision(
    approvals
      .command('deny')
      .description('refuse the request; nothing is sent')
      .argument('<id>', 'approval id'),
  ).action((id: string, options: DecideOptions) => decide(id, 'deny', options))
}

function withDecision(command: Command): Command {
  return withData(command)
    .option('--reason <text>', 'why; some rules want one')
    .option('--as <login>', 'on the data folder: who decides (default: you)')
    .option('--break-glass', 'alone, against groups and quorum; needs a reason and is reviewed')
}

function choiceOf({ masked, conversation }: ApproveOptions): ApprovalChoice | null {
  if (masked === true && conversation === true) return null
  if (masked === true) return 'masked'
  return conversation === true ? 'conversation' : 'once'
}

async function list(options: ListOptions): Promise<void> {
  const show = options.review === true ? 'review' : options.decided === true ? 'decided' : 'pending'
  const api = serverFor(options)
  if (api !== null) {
    const query = { show, limit: LISTED_MAX }
    showApprovals((await api.call(listApprovals, { query })).items, options.json === true)
    return
  }
  await using here = await approvalsHere(options, ownerName())
  if (here !== null) showApprovals(await here.list(show, LISTED_MAX), options.json === true)
}

async function show(id: string, options: DataOptions): Promise<void> {
  const api = serverFor(options)
  if (api !== null) {
    showCard(await api.call(readApproval, { params: { id } }), options)
    return
  }
  await using here = await approvalsHere(options, ownerName())
  const card = (await here?.card(id)) ?? null
  if (card !== null) showCard(card, options)
  else if (here !== null) failWith(EXIT.notFound, 'there is no such approval', LIST_HINT)
}

const LIST_HINT = 'custody approvals list shows the ids'

function showCard(card: ApprovalCard, { json }: DataOptions): void {
  if (json === true) printJson(card)
  else for (const line of cardText(card, Date.now())) print(line)
}

async function decide(
  id: string,
  choice: ApprovalChoice | null,
  options: DecideOptions,
): Promise<void> {
  if (choice === null) {
    failWith(EXIT.usage, '--masked and --conversation exclude each other', 'masked is always once')
    return
  }
  const ballot = {
    choice,
    reason: options.reason ?? '',
    breakGlass: options.breakGlass === true,
  }
  const api = serverFor(options)
  if (api !== null) {
    if (options.as !== undefined) {
      failWith(EXIT.usage, '--as takes no --server', 'there, your token says who you are')
      return
    }
    showDecided(await api.call(decideApproval, { params: { id }, body: ballot }), options)
    return
  }
  await using here = await approvalsHere(options, options.as ?? ownerName())
  if (here !== null) showOutcome(await here.decide(id, ballot), options)
}

function showOutcome(
  outcome: Awaited<ReturnType<ApprovalsHere['decide']>>,
  options: DataOptions,
): void {
  switch (outcome.kind) {
    case 'decided':
      showDecided(outcome.approval, options)
      return
    case 'refused':
      failWith(EXIT.failed, outcome.message, 'custody approvals show says who may decide, and how')
      return
    case 'nobody':
      failWith(
        EXIT.failed,
        `nobody with the role approver is called ${outcome.login}`,
        'name an approver with --as, or use --server with your own token',
      )
      return
    case 'not-found':
      failWith(EXIT.notFound, 'there is no such approval', LIST_HINT)
  }
}

function showDecided(approval: Approval, { json }: DataOptions): void {
  if (json === true) {
    printJson(approval)
    return
  }
  const { id, state, rules } = approval
  const missing = Math.max(...rules.map(({ quorum, votes }) => quorum - votes))
  print(state === 'pending' ? `counted ${id}: ${missing} more needed` : `${state} ${id}`)
}
