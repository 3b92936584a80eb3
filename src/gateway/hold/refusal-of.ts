/** Says in one line why a held request was not sent: rule, kinds of findings, reference, link; never what was found. */
import type { Approval, ApprovalDesk } from '../../model/approval.ts'
import { fail } from '../../model/errors.ts'
import type { ErrorCode, GatewayError } from '../../model/errors.ts'

const TITLE_CHARS_MAX = 120

type Said = Extract<ErrorCode, `approval.${string}`>

const CODE_OF: Readonly<Record<Approval['state'], Said>> = {
  pending: 'approval.pending',
  approved: 'approval.waiting',
  'approved-masked': 'approval.waiting',
  denied: 'approval.denied',
  expired: 'approval.expired',
  cancelled: 'approval.cancelled',
}

export function refusalOf(
  desk: Pick<ApprovalDesk, 'pageUrl'>,
  approval: Approval,
  code: Said = CODE_OF[approval.state],
): GatewayError {
  return fail(code, saidOf(desk, approval))
}

export function saidOf(desk: Pick<ApprovalDesk, 'pageUrl'>, approval: Approval): string {
  const titles = approval.asks.map(({ title }) => readable(title))
  const kinds = approval.request.kinds.map(({ entity, count }) => `${entity} ×${count}`)
  return [
    `Rule: ${titles.join('; ')}.`,
    ...(kinds.length === 0 ? [] : [`Found: ${kinds.join(', ')}.`]),
    `Reference ${approval.id}: ${desk.pageUrl(approval)}`,
  ].join(' ')
}

/** Error texts are one line, whatever the author of a rule wrote. */
function readable(title: string): string {
  const line = title.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length > TITLE_CHARS_MAX
    ? `${line.slice(0, TITLE_CHARS_MAX)}…`
    : line.replace(/\.$/, '')
}
