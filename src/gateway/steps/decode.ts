/** Reads the body where it can be read, and lets the rest stream; the caller's bytes stay as they came. */
import { globMatches } from '../../lib/glob.ts'
import { scanning } from '../../lib/json/scan.ts'
import { inTurns } from '../../lib/turns.ts'
import { fail } from '../../model/errors.ts'
import type { GatewayError } from '../../model/errors.ts'
import type { RequestView } from '../../model/dialect.ts'
import { contentDecoder } from '../content-encoding.ts'
import { conversationOf } from '../conversation/conversation.ts'
import type { Exchange, Routing } from '../exchange.ts'
import { modelOf } from '../exchange.ts'
import { headerList, headerValue } from '../headers.ts'
import type { GatewayParts } from '../parts.ts'
import type { StepResult } from '../pipeline.ts'
import { readBody } from '../read-body.ts'

/** Opaque bodies up to this size are held; larger ones stream through the recorder. */
const OPAQUE_HELD_MAX = 64 * 1024
const UNDECLARED_MIN = 16 * 1024

export async function decode(exchange: Exchange, parts: GatewayParts): Promise<StepResult> {
  const { caller, settings, routing } = exchange
  if (routing === null) return fail('internal')
  const { limits } = settings
  const declared = declaredLength(caller.rawHeaders)
  if (declared !== null && declared > limits.bodyBytesMax) {
    return fail('limit.body', `The limit is ${limits.bodyBytesMax} bytes.`)
  }
  if (!hasBody(exchange, declared)) {
    exchange.body = { kind: 'none' }
  } else {
    const heldMax = routing.surface.readsBody ? limits.inspectBytesMax : OPAQUE_HELD_MAX
    if (declared !== null && declared > heldMax) {
      exchange.body = { kind: 'streamed', begun: [], declaredBytes: declared }
    } else {
      const problem = await readHeld(exchange, parts, heldMax, declared)
      if (problem !== null) return problem
    }
  }
  const conversation = conversationOf(parts.conversations, exchange)
  exchange.conversation = conversation instanceof Promise ? await conversation : conversation
  const model = modelOf(exchange)
  exchange.route = settings.routeFor({
    upstream: routing.upstream.name,
    surface: routing.surface.name,
    service: exchange.principal?.service ?? '',
    model,
  })
  return mayUseModel(exchange, model) ? null : fail('identity.model-not-allowed')
}

async function readHeld(
  exchange: Exchange,
  parts: GatewayParts,
  heldMax: number,
  declared: number | null,
): Promise<StepResult> {
  const { caller, routing, settings } = exchange
  const { limits } = settings
  const reserve = declared ?? UNDECLARED_MIN
  if (!parts.admission.hold(reserve, limits)) return fail('limit.memory')
  exchange.heldBytes = reserve
  const reading = await readBody(caller, heldMax, limits.requestIdleMs, (more) => {
    const extra = more - exchange.heldBytes
    if (extra <= 0) return true
    if (!parts.admission.hold(extra, limits)) return false
    exchange.heldBytes += extra
    return true
  })
  switch (reading.kind) {
    case 'failure':
      return reading.error
    case 'overflow':
      exchange.body = { kind: 'streamed', begun: reading.begun, declaredBytes: declared }
      return null
    case 'whole': {
      if (routing === null || !routing.surface.readsBody) {
        exchange.body = { kind: 'whole', bytes: reading.bytes, view: null, plain: reading.bytes }
        return null
      }
      const view = await readView(exchange, routing, reading.bytes)
      exchange.body = {
        kind: 'whole',
        bytes: reading.bytes,
        view: view.kind === 'view' ? view.view : null,
        plain: view.kind === 'view' ? view.plain : reading.bytes,
      }
      return view.kind === 'view' ? null : view.error
    }
  }
}

type ViewReading =
  | { readonly kind: 'view'; readonly view: RequestView | null; readonly plain: Buffer }
  | { readonly kind: 'error'; readonly error: GatewayError }

async function readView(exchange: Exchange, routing: Routing, bytes: Buffer): Promise<ViewReading> {
  const { limits } = exchange.settings
  let plain = bytes
  const encoding = headerList(exchange.caller.rawHeaders, 'content-encoding')
  const decoder = contentDecoder(encoding)
  if (decoder === null) return { kind: 'error', error: fail('request.unsupported-encoding') }
  if (decoder !== 'identity') {
    const decoded = await decoder.whole(bytes, limits.inspectBytesMax)
    if (decoded === null) return { kind: 'error', error: fail('request.bad-encoding') }
    plain = decoded
  }
  const scanned = inTurns(
    scanning(plain, { depthMax: limits.jsonDepthMax, elementsMax: limits.jsonElementsMax }),
  )
  const scan = scanned instanceof Promise ? await scanned : scanned
  if (scan.kind === 'tape') exchange.tape = scan.tape
  const reading = routing.dialect.readRequest(routing.surface, scan)
  if (reading.kind === 'problem') {
    return { kind: 'error', error: fail('request.bad-json', asSentence(reading.problem.message)) }
  }
  // Spans count bytes of the decoded body; what is stored is the body as received, so it has none.
  const view = decoder === 'identity' ? reading.view : { ...reading.view, blocks: [] }
  return { kind: 'view', view, plain }
}

function asSentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

function declaredLength(flatHeaders: readonly string[]): number | null {
  const text = headerValue(flatHeaders, 'content-length')
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null
}

/** RFC 9112 6.3: on HTTP/1.1 a request has a body exactly when one of the two framing headers says so. */
function hasBody(exchange: Exchange, declared: number | null): boolean {
  if (declared !== null) return declared > 0
  const { caller } = exchange
  if (caller.httpVersion === '2')
    return !caller.body.readableEnded && caller.method !== 'GET' && caller.method !== 'HEAD'
  return headerValue(caller.rawHeaders, 'transfer-encoding') !== null
}

/** A key bound to models may not call where the model cannot be seen. Lists and metadata name none and stay open. */
function mayUseModel(exchange: Exchange, model: string | null): boolean {
  const allowed = exchange.principal?.allowedModels ?? null
  if (allowed === null || exchange.routing?.surface.kind === 'manage') return true
  return model !== null && allowed.some((pattern) => globMatches(pattern, model))
}
