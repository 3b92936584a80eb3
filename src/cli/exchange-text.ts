/** Shows one recorded exchange to a person: who and when, the context window, the answer put together. */
import { isUtf8 } from 'node:buffer'
import { visibleLine, visibleText } from '../lib/visible-text.ts'
import type { RecordedExchange } from '../evidence/reader.ts'
import type { AnswerView, TokenUsage } from '../model/dialect.ts'
import type { ClosingFacts, OpeningFacts, RequestHead } from '../model/record.ts'
import { blockText } from './block-text.ts'
import { decodePieces } from './decode-pieces.ts'
import { bytesText, durationText, timeText } from './output.ts'
import { DECODED_BYTES_MAX, headerOf, recordedAnswer } from './recorded-answer.ts'

/** Recorded text is set off by a bar, so that it cannot pass for a line of ours. */
const BAR = '    | '

const field = (name: string, value: string): string => `${name.padEnd(11)}${visibleLine(value)}`

const barred = (text: string): string[] =>
  visibleText(text)
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => BAR + line)

export function headText({ facts, closing, row }: RecordedExchange): string[] {
  const times =
    closing === null ? '' : ` to ${timeText(closing.endedAtMs)} UTC, ${tookText(closing)}`
  return [
    field('exchange', `${facts.id}  ${row.state}`),
    field('time', `${timeText(facts.receivedAtMs)}${times === '' ? ' UTC' : times}`),
    field('caller', callerText(facts)),
    ...declaredTexts(facts),
    field(
      'upstream',
      `${facts.upstream || '-'}, surface ${facts.surface || '-'}, route ${facts.route || '-'}`,
    ),
    field('model', modelText(facts, closing)),
    field('received', requestLine(facts.received)),
    ...(facts.sent === null ? [] : [field('sent', requestLine(facts.sent))]),
    field('recorded', `${facts.mode}, retention class ${facts.retentionClass}`),
    field('outcome', closing === null ? 'none yet: the exchange is open' : outcomeText(closing)),
    ...(closing === null ? [] : [field('usage', usageText(closing.usage))]),
  ]
}

const tookText = ({ durationMs, firstByteMs }: ClosingFacts): string =>
  `${durationText(durationMs)}${firstByteMs === null ? '' : `, first byte after ${durationText(firstByteMs)}`}`

function callerText({ principal, remoteAddress }: OpeningFacts): string {
  if (principal === null) return `not identified, from ${remoteAddress}`
  const { id, kind, method, keyId, service, issuer, groups } = principal
  const parts = [`${id} (${kind})`, `proven by ${method}${keyId === null ? '' : ` ${keyId}`}`]
  if (issuer !== '') parts.push(`issued by ${issuer}`)
  if (service !== '') parts.push(`service ${service}`)
  if (groups.length > 0) parts.push(`groups ${groups.join(' ')}`)
  return [...parts, `from ${remoteAddress}`].join(', ')
}

/** What the caller says about itself, kept apart from what was proven. */
function declaredTexts({ tags, links }: OpeningFacts): string[] {
  const declared = Object.entries(tags.headers).map(([name, value]) => `${name}: ${value}`)
  if (tags.service !== '') declared.unshift(`service ${tags.service}`)
  const linked = Object.entries(links).map(([name, value]) => `${name}: ${value}`)
  return [
    ...(declared.length === 0 ? [] : [field('declared', `${declared.join(', ')} (not proven)`)]),
    ...(linked.length === 0 ? [] : [field('links', linked.join(', '))]),
  ]
}

function modelText(facts: OpeningFacts, closing: ClosingFacts | null): string {
  const asked = `${facts.model ?? '-'}${facts.stream ? ', streamed' : ''}`
  const answered = closing?.responseModel ?? null
  return answered === null || answered === facts.model ? asked : `${asked}, answered by ${answered}`
}

const requestLine = ({ method, target, httpVersion }: RequestHead): string =>
  `${method} ${target} HTTP/${httpVersion}`

function outcomeText(closing: ClosingFacts): string {
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
export async function requestText(exchange: RecordedExchange): Promise<string[]> {
  const { requestBody, requestBlocks, facts, row } = exchange
  if (requestBody === null) {
    return [
      row.requestBytes === 0
        ? 'request: no body'
        : 'request: the body cannot be shown, see the problems below',
    ]
  }
  const size = bytesText(requestBody.length)
  // A body that nothing could be read from is recorded as one block.
  if (requestBlocks.length === 0 || requestBlocks[0]?.end === requestBody.length) {
    const body = await decodePieces(
      headerOf(facts.received.headers, 'content-encoding'),
      [requestBody],
      DECODED_BYTES_MAX,
    )
    return [
      `request: ${size}, not cut into blocks`,
      ...plainText(Buffer.concat(body.pieces), '--raw --request'),
    ]
  }
  const lines = [
    `request: ${requestBlocks.length} block${requestBlocks.length === 1 ? '' : 's'}, ${size}`,
  ]
  for (const { start, end, role } of requestBlocks) {
    lines.push(`  ${role}, ${bytesText(end - start)}`)
    lines.push(...barred(blockText(requestBody.subarray(start, end), role)))
  }
  return lines
}

export async function answerText(exchange: RecordedExchange): Promise<string[]> {
  const { answerHead, answerChunks } = exchange
  if (answerHead === null) return ['answer: none']
  const answer = await recordedAnswer(exchange)
  const bytes = answerChunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0)
  const chunks = `${answerChunks.length} chunk${answerChunks.length === 1 ? '' : 's'}`
  const from = answerHead.origin === 'gateway' ? 'made by the gateway, ' : ''
  const lines = [
    `answer: ${from}status ${answerHead.status}, ${visibleLine(answer.contentType) || 'no content type'}, ${chunks}, ${bytesText(bytes)}`,
  ]
  if (answer.problem !== '') lines.push(`  not decoded to its end: ${answer.problem}`)
  const body = Buffer.concat(answer.pieces)
  const view = answer.read(body)
  const shown = view === null ? [] : viewText(view)
  if (shown.length > 0) lines.push(...shown)
  else if (body.length > 0) lines.push(...plainText(body, '--raw --answer'))
  return lines
}

function viewText(view: AnswerView): string[] {
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

function plainText(body: Buffer, flags: string): string[] {
  return isUtf8(body)
    ? barred(body.toString('utf8'))
    : [`    (not text; ${flags} writes the bytes)`]
}
