/** What two exchanges were asked with, side by side: names, and both values. */
import type { ExchangeDetail } from '../../api/exchanges.ts'
import { formatBytes, formatCount, formatDuration } from '../../ui/format.ts'
import { visibleLine } from '../../../../src/lib/visible-text.ts'

export interface Setting {
  readonly name: string
  readonly left: string
  readonly right: string
}

const NONE = '–'
const line = (text: string | null): string =>
  text === null || text === '' ? NONE : visibleLine(text, 160)

function settingsOf({ exchange, responseModel, toolNames, usage }: ExchangeDetail) {
  const count = (value: number | null | undefined): string =>
    value === null || value === undefined ? NONE : formatCount(value)
  return [
    ['Principal', line(exchange.principal)],
    ['Service', line(exchange.service)],
    ['Key', line(exchange.keyId)],
    ['Upstream', line(exchange.upstream)],
    ['Surface', line(exchange.surface)],
    ['Model asked', line(exchange.model)],
    ['Model that answered', line(responseModel)],
    ['Stream', exchange.stream ? 'yes' : 'no'],
    ['Tools', line([...toolNames].sort().join(', '))],
    ['Client', line(exchange.userAgent)],
    ['Route', line(exchange.route)],
    ['State', line(exchange.state)],
    ['Status', exchange.status === null ? NONE : String(exchange.status)],
    ['Finish reason', line(exchange.finishReason)],
    ['Verdict', line(exchange.verdict)],
    ['Policy rules', line(exchange.policyRules.join(', '))],
    ['Found', line(exchange.entities.join(', '))],
    ['Tokens in', count(usage?.inputTokens ?? exchange.inputTokens)],
    ['Tokens out', count(usage?.outputTokens ?? exchange.outputTokens)],
    ['Request', formatBytes(exchange.requestBytes)],
    ['Answer', formatBytes(exchange.answerBytes)],
    ['Duration', exchange.durationMs === null ? NONE : formatDuration(exchange.durationMs)],
  ] as const
}

export function comparedSettings(left: ExchangeDetail, right: ExchangeDetail): readonly Setting[] {
  const other = settingsOf(right)
  return settingsOf(left).map(([name, value], at) => ({
    name,
    left: value,
    right: other[at]?.[1] ?? NONE,
  }))
}
