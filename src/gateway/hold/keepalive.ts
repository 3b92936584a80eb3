/** Says something to a caller that waits for people, where its route asks for it; costs are in docs/guide/approvals.md. */
import type { Clock } from '../../lib/clock.ts'
import type { KeepaliveSettings, KeptAlive } from '../../model/keepalive.ts'
import { exchangeHeaders } from '../error-answer.ts'
import { isStreamAsked } from '../exchange.ts'
import type { Exchange } from '../exchange.ts'
import { headerValue } from '../headers.ts'
import type { BegunAnswer } from './begun-answer.ts'

/** Older Go clients give up at the sixth informational answer; some proxies count as well. */
const INFORMATIONAL_MAX = 4
/** `http.client` of CPython, on which these stand, takes 103 for the final answer. */
const TAKES_103_FOR_FINAL = /python-requests|python-urllib|boto3|botocore|aws-cli/i
/** JSON texts may begin with it (RFC 8259 2). */
const BLANK = ' '

/** How one caller is kept. `hint`: status 103. */
export type Keepalive =
  | { readonly kind: 'hint'; readonly everyMs: number }
  | {
      readonly kind: 'begin'
      readonly everyMs: number
      readonly by: Exclude<KeptAlive['by'], 'informational'>
      readonly answer: Pick<BegunAnswer, 'kind' | 'contentType' | 'beat'>
    }

/** Null where this caller waits in silence: it has to where its protocol or its wire format leaves no choice. */
export function keepaliveOf(
  exchange: Exchange,
  settings: KeepaliveSettings | null,
): Keepalive | null {
  const { caller, routing } = exchange
  // HTTP/1.0 has neither informational answers nor a way to see that an answer without length was cut.
  if (settings === null || routing === null || caller.httpVersion === '1.0') return null
  const { everyMs } = settings
  const isStream = isStreamAsked(exchange)
  const by = isStream ? settings.streams : settings.wholes
  if (by === null) return null
  if (by === 'informational') {
    const agent = headerValue(caller.rawHeaders, 'user-agent') ?? ''
    return TAKES_103_FOR_FINAL.test(agent) ? null : { kind: 'hint', everyMs }
  }
  const { dialect, surface } = routing
  if (!isStream) {
    if (surface.kind === 'opaque' || surface.kind === 'manage') return null
    const answer = { contentType: 'application/json', beat: Buffer.from(BLANK) }
    return { kind: 'begin', everyMs, by, answer: { kind: 'whole', ...answer } }
  }
  const idle = dialect.idleStream(surface)
  const beat = by === 'pings' ? idle?.ping : idle?.comment
  if (idle === null || beat === undefined || beat === null) return null
  const { contentType } = idle
  return {
    kind: 'begin',
    everyMs,
    by,
    answer: { kind: 'stream', contentType, beat: Buffer.from(beat) },
  }
}

export interface Waiting {
  readonly stop: () => KeptAlive | null
}

/** Until it is stopped. The first is sent when the caller has waited for `everyMs`, so that quick decisions cost nothing. */
export function keepWaiting(
  exchange: Exchange,
  keepalive: Keepalive | null,
  page: string,
  clock: Clock,
): Waiting {
  if (keepalive === null) return { stop: () => null }
  const beganAt = clock.monotonicMs()
  let times = 0
  let firstAt = beganAt
  const timer = setInterval(() => {
    if (exchange.caller.gone) return
    if (keepalive.kind === 'hint' && times >= INFORMATIONAL_MAX) return
    const atMs = clock.monotonicMs()
    if (times === 0) firstAt = atMs
    times += 1
    if (keepalive.kind === 'hint') exchange.caller.hint(`<${page}>; rel=status`)
    else beat(exchange, keepalive.answer, atMs)
  }, keepalive.everyMs)
  return {
    stop: () => {
      clearInterval(timer)
      return times === 0
        ? null
        : {
            by: keepalive.kind === 'hint' ? 'informational' : keepalive.by,
            times,
            firstAfterMs: Math.round(firstAt - beganAt),
            isBegun: exchange.begun !== null,
          }
    },
  }
}

function beat(
  exchange: Exchange,
  answer: Pick<BegunAnswer, 'kind' | 'contentType' | 'beat'>,
  atMs: number,
): void {
  const { caller } = exchange
  if (exchange.begun === null) {
    const headers = [
      'content-type',
      answer.contentType,
      'cache-control',
      'no-store',
      // A buffering proxy would keep what is meant to keep it from giving up (nginx `proxy_buffering`).
      'x-accel-buffering',
      'no',
      ...exchangeHeaders(exchange),
    ]
    exchange.begun = { ...answer, status: 200, headers, beatsAt: [] }
    caller.head(200, headers, true)
  }
  exchange.begun.beatsAt.push(atMs)
  caller.write(answer.beat)
}
