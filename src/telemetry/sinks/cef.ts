/** An event as a line of the Common Event Format (CEF 0). */
import { visibleLine } from '../../lib/visible-text.ts'
import type { SinkEvent, SinkSeverity } from './sink-event.ts'

/** Receivers cut lines: no value takes more than its part. */
const VALUE_CHARS_MAX = 1023

const SEVERITY: Readonly<Record<SinkSeverity, number>> = { info: 2, low: 4, medium: 6, high: 8 }

export function cefLine(event: SinkEvent, version: string): string {
  const head = ['CEF:0', 'Custody', 'Custody', version, event.type, titleOf(event)]
  const pairs = extensionOf(event).flatMap(([name, value]) =>
    value === null || value === '' ? [] : [`${name}=${valueText(String(value))}`],
  )
  return `${[...head.map(headText), SEVERITY[event.severity]].join('|')}|${pairs.join(' ')}`
}

export function titleOf({ type, exchange }: SinkEvent): string {
  if (type === 'exchange.finding') return `Sensitive data: ${exchange?.entities.join(', ') ?? ''}`
  if (type === 'exchange.denied') return 'Denied by policy'
  if (type === 'exchange.refused') return 'Model call refused'
  if (type === 'exchange.closed') return 'Model call'
  return type.replaceAll(/[.-]/g, ' ')
}

type Pair = readonly [name: string, value: string | number | boolean | null]

function extensionOf({ id, atMs, exchange, event }: SinkEvent): readonly Pair[] {
  const first: readonly Pair[] = [
    ['rt', atMs],
    ['externalId', id],
  ]
  if (exchange === null) {
    const details = Object.entries(event?.details ?? {})
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join(', ')
    return [...first, ['suser', event?.actor ?? ''], ['msg', details]]
  }
  return [
    ...first,
    ['suser', exchange.principal],
    [exchange.remoteAddress.includes(':') ? 'c6a2' : 'src', exchange.remoteAddress],
    ['c6a2Label', exchange.remoteAddress.includes(':') ? 'Source IPv6 Address' : ''],
    ['requestMethod', exchange.method],
    ['request', exchange.path],
    ['requestClientApplication', exchange.userAgent],
    ['dhost', exchange.upstream],
    ['act', exchange.verdict],
    ['outcome', exchange.outcome],
    ['reason', exchange.errorCode],
    ['in', exchange.requestBytes],
    ['out', exchange.answerBytes],
    ['start', exchange.receivedAtMs],
    ['end', exchange.endedAtMs],
    ...labelled('cs1', 'model', exchange.model),
    ...labelled('cs2', 'service', exchange.service),
    ...labelled('cs3', 'entities', exchange.entities.join(',')),
    ...labelled('cs4', 'policyRules', exchange.policyRules.join(',')),
    ...labelled('cs5', 'keyId', exchange.keyId),
    ...labelled('cs6', 'exchange', exchange.id),
    ...labelled('cn1', 'inputTokens', exchange.inputTokens),
    ...labelled('cn2', 'outputTokens', exchange.outputTokens),
    ...labelled('cn3', 'status', exchange.status),
  ]
}

function labelled(key: string, label: string, value: string | number | null): readonly Pair[] {
  return value === null || value === ''
    ? []
    : [
        [`${key}Label`, label],
        [key, value],
      ]
}

/** Threat: a bar or a line break in a name that a caller chose would begin another field or another event. */
const headText = (text: string): string =>
  visibleLine(text, VALUE_CHARS_MAX).replaceAll('\\', '\\\\').replaceAll('|', '\\|')

const valueText = (text: string): string =>
  visibleLine(text, VALUE_CHARS_MAX).replaceAll('\\', '\\\\').replaceAll('=', '\\=')
