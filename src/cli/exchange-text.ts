/** Shows one exchange to a person: who and when, the context window, the answer put together. */
import { isUtf8 } from 'node:buffer'
import { visibleLine, visibleText } from '../lib/visible-text.ts'
import type { TokenUsage } from '../model/dialect.ts'
import { bytesText, durationText, timeText } from './output.ts'
import { partsText } from './part-text.ts'
import type {
  AnsweredParts,
  RequestLine,
  ShownAnswer,
  ShownClosing,
  ShownHead,
  ShownRequest,
  Waited,
} from './shown-exchange.ts'

/** Recorded text is set off by a bar, so that it cannot pass for a line of ours. */
const BAR = '    | '

const field = (name: string, value: string): string => `${name.padEnd(11)}${visibleLine(value)}`

const barred = (text: string): string[] =>
  visibleText(text)
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => BAR + line)

export function headText(head: ShownHead): string[] {
  const { closing } = head
  const times =
    closing === null ? '' : ` to ${timeText(closing.endedAtMs)} UTC, ${tookText(closing)}`
  return [
    field('exchange', `${head.id}  ${head.state}`),
    field('time', `${timeText(head.receivedAtMs)}${times === '' ? ' UTC' : times}`),
    field('caller', callerText(head)),
    ...claimTexts(head),
    ...declaredTexts(head),
    field(
      'upstream',
      `${head.upstream || '-'}, surface ${head.surface || '-'}, route ${head.route || '-'}`,
    ),
    field('model', modelText(head)),
    ...(head.received === null ? [] : [field('received', requestLine(head.received))]),
    ...(head.sent === null ? [] : [field('sent', requestLine(head.sent))]),
    field('recorded', `${head.mode}, retention class ${head.retentionClass}`),
    ...(head.holds.length === 0 ? [] : [field('held', `legal hold ${head.holds.join(', ')}`)]),
    ...(head.waited === null ? [] : [field('approval', waitedText(head.waited))]),
    field('outcome', closing === null ? 'none yet: the exchange is open' : outcomeText(closing)),
    ...(closing === null ? [] : [field('usage', usageText(closing.usage))]),
  ]
}

const tookText = ({ durationMs, firstByteMs }: ShownClosing): string =>
  `${durationText(durationMs)}${firstByteMs === null ? '' : `, first byte after ${durationText(firstByteMs)}`}`

function waitedText({ approval, state, waitedMs, keptAlive = null }: Waited): string {
  const told =
    keptAlive === null
      ? 'in silence'
      : `the caller kept on the line by ${keptAlive.by}, ${keptAlive.times} times from ${durationText(keptAlive.firstAfterMs)} on${keptAlive.isBegun ? ', status 200 given before the decision' : ''}`
  return `${approval} ${state}, waited ${durationText(waitedMs)}, ${told}`
}

function callerText({ principal, remoteAddress }: ShownHead): string {
  if (principal === null) return `not identified, from ${remoteAddress}`
  const { id, kind, method, keyId, service, issuer, groups } = principal
  const { owner = '', actor = '', rule = '' } = principal
  const parts = [`${id} (${kind})`, `proven by ${method}${keyId === null ? '' : ` ${keyId}`}`]
  if (issuer !== '') parts.push(`issued by ${issuer}`)
  if (service !== '') parts.push(`service ${service}`)
  if (rule !== '') parts.push(`let in by the trust rule ${rule}`)
  if (owner !== '') parts.push(`owned by ${owner}`)
  if (actor !== '') parts.push(`set off by ${actor}`)
  if (groups.length > 0) parts.push(`groups ${groups.join(' ')}`)
  return [...parts, `from ${remoteAddress}`].join(', ')
}

/** What its token says of the run, the repository, the pod: proven by the issuer. */
function claimTexts({ principal }: ShownHead): string[] {
  const claims = Object.entries(principal?.claims ?? {}).map(([name, value]) => `${name}: ${value}`)
  return claims.length === 0 ? [] : [field('claims', claims.join(', '))]
}

/** What the caller says about itself, kept apart from what was proven. */
function declaredTexts({ declared: told, links, linked }: ShownHead): string[] {
  const declared = Object.entries(told.headers).map(([name, value]) => `${name}: ${value}`)
  if (told.service !== '') declared.unshift(`service ${told.service}`)
  const named = Object.entries(links).map(([name, value]) => `${name}: ${value}`)
  return [
    ...(declared.length === 0 ? [] : [field('declared', `${declared.join(', ')} (not proven)`)]),
    ...(named.length === 0 ? [] : [field('links', named.join(', '))]),
    ...(linked === null ? [] : [field('linked', `${linked} (by what was said)`)]),
  ]
}

function modelText({ model, stream, closing }: ShownHead): string {
  const asked = `${model ?? '-'}${stream ? ', streamed' : ''}`
  const answered = closing?.responseModel ?? null
  return answered === null || answered === model ? asked : `${asked}, answered by ${answered}`
}

const requestLine = ({ method, target, httpVersion }: RequestLine): string =>
  `${method} ${target} HTTP/${httpVersion}`

function outcomeText(closing: ShownClosing): string {
  const { outcome, errorCode, status, upstreamStatus, upstreamAddress } = closing
  const parts: string[] = [outcome]
  if (errorCode !== null) parts.push(errorCode)
  parts.push(status === null ? 'the caller was given no status' : `status ${status}`)
  if (upstreamStatus !== null) {
    parts.push(
      `provider said ${upstreamStatus}${upstreamAddress === null ? '' : ` at ${upstreamAddress}`}`,
    )
  }
  return parts.join(', ')
}

export function usageText(usage: TokenUsage): string {
  const named: readonly (readonly [number | null, string])[] = [
    [usage.inputTokens, 'in'],
    [usage.outputTokens, 'out'],
    [usage.cachedInputTokens, 'in from cache'],
    [usage.reasoningTokens, 'reasoning'],
  ]
  const known = named.filter(([count]) => count !== null).map(([count, name]) => `${count} ${name}`)
  return known.length === 0 ? 'not reported' : `${known.join(', ')} (tokens)`
}

/** The context window, block by block; a body that was not cut into blocks as it is. */
export function requestText(request: ShownRequest): string[] {
  switch (request.kind) {
    case 'none':
      return ['request: no body']
    case 'unreadable':
      return ['request: the body cannot be shown, see the problems below']
    case 'opaque':
      return [
        `request: ${bytesText(request.bytes)}, not cut into blocks`,
        ...plainText(request.text, '--raw --request'),
      ]
    case 'blocks': {
      const { length } = request.blocks
      const lines = [
        `request: ${length} block${length === 1 ? '' : 's'}, ${bytesText(request.bytes)}`,
      ]
      for (const { role, bytes, parts } of request.blocks) {
        lines.push(`  ${role}, ${bytesText(bytes)}`, ...barred(partsText(parts)))
      }
      return lines
    }
  }
}

export async function answerText(answer: ShownAnswer | 'none'): Promise<string[]> {
  if (answer === 'none') return ['answer: none']
  const chunks = `${answer.chunks} chunk${answer.chunks === 1 ? '' : 's'}`
  const from = answer.origin === 'gateway' ? 'made by the gateway, ' : ''
  const lines = [
    `answer: ${from}status ${answer.status}, ${visibleLine(answer.contentType) || 'no content type'}, ${chunks}, ${bytesText(answer.bytes)}`,
  ]
  if (answer.problem !== '') lines.push(`  not decoded to its end: ${visibleLine(answer.problem)}`)
  const shown = answer.view === null ? [] : viewText(answer.view)
  if (shown.length > 0) return [...lines, ...shown]
  const body = await answer.body()
  if (body.length > 0)
    lines.push(...plainText(isUtf8(body) ? body.toString('utf8') : null, '--raw --answer'))
  return lines
}

function viewText(view: AnsweredParts): string[] {
  const lines: string[] = []
  const part = (name: string, text: string): void => {
    if (text !== '') lines.push(`  ${name}`, ...barred(text))
  }
  part('reasoning', view.reasoning)
  part('text', view.text)
  part('refusal', view.refusal)
  for (const { id, name, arguments: given } of view.toolCalls) {
    lines.push(
      `  tool call ${visibleLine(name)}${id === '' ? '' : ` (${visibleLine(id)})`}`,
      ...barred(given),
    )
  }
  part('error', view.error ?? '')
  if (lines.length > 0 && view.finishReason !== null)
    lines.push(`  finish ${visibleLine(view.finishReason)}`)
  return lines
}

function plainText(text: string | null, flags: string): string[] {
  return text === null ? [`    (not text; ${flags} writes the bytes)`] : barred(text)
}
