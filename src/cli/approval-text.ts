/** How held requests are shown on a terminal: a table, or one card in the order an approver reads it. */
import type { Approval, ApprovalCard } from '../api/contract/approvals.ts'
import { visibleLine } from '../lib/visible-text.ts'
import { bytesText, durationText, printJson, printTable, timeText } from './output.ts'

export function showApprovals(approvals: readonly Approval[], isJson: boolean): void {
  if (isJson) {
    for (const approval of approvals) printJson(approval)
    return
  }
  printTable(approvals, [
    { title: 'ID', of: ({ id }) => id, widthMax: 30 },
    { title: 'STATE', of: ({ state }) => state, widthMax: 16 },
    { title: 'CREATED', of: ({ createdAtMs }) => timeText(createdAtMs), widthMax: 24 },
    { title: 'WHO', of: ({ principal }) => principal, widthMax: 24 },
    { title: 'MODEL', of: ({ model, upstream }) => model || upstream, widthMax: 20 },
    { title: 'FOUND', of: foundText, widthMax: 30 },
    { title: 'RULE', of: ({ rules }) => rules.map(({ title }) => title).join('; '), widthMax: 50 },
  ])
}

const foundText = ({ kinds }: Approval): string =>
  kinds.map(({ entity, count }) => `${entity} x${count}`).join(', ') || '-'

export function cardText(
  { approval, excerpts, withheld, firstTime }: ApprovalCard,
  nowMs: number,
): string[] {
  const { rules, kinds } = approval
  const isPending = approval.state === 'pending'
  const lines = [
    `${approval.state.toUpperCase()}  ${rules.map(({ title }) => title).join('; ')}`,
    ...rules.flatMap(({ message, reasons }) => [message, ...reasons].filter((text) => text !== '')),
    '',
    row('who', `${approval.principal} (${approval.principalKind}, by ${approval.proof})`),
    row('service', approval.service || `${approval.declaredService || '-'} (declared)`),
    ...Object.entries(approval.claims).map(([name, value]) => row(name, value)),
    row('new', kinds.map(({ entity, fresh }) => `${entity} x${fresh}`).join(', ') || 'nothing'),
    ...(withheld === '' ? [] : [row('', `words not shown: restricted by ${withheld}`)]),
    ...excerpts.map(({ text, fresh }) => row('', `${fresh ? '' : '(carried over) '}… ${text} …`)),
    row('to', `${approval.model || '-'} at ${approval.upstream}, ${approval.surface}`),
    row('size', `${bytesText(approval.requestBytes)}, tools: ${approval.toolNames.length}`),
    row('before', firstTime ? 'the first time for this caller' : 'this caller was held before'),
    row('requests', `${approval.requests}, sent ${approval.attempts} times`),
    ...(isPending ? clockLines(approval, nowMs) : []),
    ...rules.map(({ votes, quorum, approvers, title }) =>
      row('approvers', `${votes} of ${quorum}, ${approvers.join(', ') || 'any'}: ${title}`),
    ),
    ...(isPending ? [row('choices', approval.choices.join(', '))] : []),
    ...approval.history.map(({ atMs, kind, actor, reason }) =>
      row('step', `${timeText(atMs)} ${kind} ${actor}${reason === '' ? '' : `: ${reason}`}`),
    ),
    row('record', approval.exchange),
    row('policy', approval.policy.slice(0, 12)),
  ]
  return lines.map((line) => visibleLine(line))
}

function clockLines(approval: Approval, nowMs: number): string[] {
  const left = (atMs: number): string => durationText(Math.max(0, atMs - nowMs))
  const { waitingUntilMs, expiresAtMs } = approval
  return [
    row(
      'caller',
      waitingUntilMs === null
        ? 'gone; the next attempt passes once approved'
        : `waits for another ${left(waitingUntilMs)}`,
    ),
    row('expires', `in ${left(expiresAtMs)}, and then it is denied`),
  ]
}

function row(name: string, value: string): string {
  return `${name.padEnd(10)} ${value}`
}
