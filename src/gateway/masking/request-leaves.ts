/** Finds the texts of a request body that may be looked into, and tells them from ids, signatures and media. */
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import { NONE } from '../../lib/json/tape.ts'

/** What the place of a value says about it. It is inherited downwards. */
export interface LeafPlace {
  /** Key of the value, or of the list it stands in. */
  readonly key: string
  /** Inside a tool's arguments, result or schema: keys mean what the tool says, none of them is structure. */
  readonly isFree: boolean
  /** The tool whose arguments it belongs to; empty outside. */
  readonly tool: string
  /** The provider verifies it on the next turn: it is never edited. */
  readonly isSigned: boolean
}

export const ROOT_PLACE: LeafPlace = { key: '', isFree: false, tool: '', isSigned: false }

export interface LeafVisitor {
  /** Asked at every value; true leaves it and everything below out. */
  readonly enter: (node: NodeRef, place: LeafPlace) => boolean
  /** A string or number. */
  readonly leaf: (node: NodeRef, place: LeafPlace) => void
  /** Media and other bytes that are not read. */
  readonly media: (node: NodeRef) => void
}

/** Values that name or verify something. They are never edited. */
const STRUCTURE: ReadonlySet<string> = new Set([
  'type',
  'role',
  'model',
  'id',
  'name',
  'object',
  'cache_control',
  'cachePoint',
  'cachedContent',
  'signature',
  'encrypted_content',
  'thoughtSignature',
  'thought_signature',
  'redactedContent',
  'media_type',
  'mimeType',
  'mime_type',
  'tool_call_id',
  'tool_use_id',
  'toolUseId',
  'call_id',
  'item_id',
  'file_id',
  'previous_response_id',
  'logprobs',
  'logprobsResult',
])
/** Base64 in every dialect, unless it says that it is text. */
const MEDIA: ReadonlySet<string> = new Set(['data', 'bytes', 'file_data', 'images', 'b64_json'])
/** Free JSON when a name stands beside it: the call or the result of that tool. */
const TOOL_VALUES: ReadonlySet<string> = new Set(['input', 'arguments', 'args', 'response'])
/** Free JSON wherever it stands. */
const FREE: ReadonlySet<string> = new Set([
  'parameters',
  'input_schema',
  'inputSchema',
  'schema',
  'json',
  'metadata',
])

/** Keys under which a single word is text; elsewhere it names something (`end_turn`, `fp_44709d6fcb`). */
const TEXTS: ReadonlySet<string> = new Set([
  'content',
  'text',
  'input',
  'output',
  'prompt',
  'system',
  'instructions',
  'response',
  'thinking',
  'reasoning_content',
  'refusal',
])

/** True for what people write and read. */
export function isText({ key, isFree }: LeafPlace, tape: JsonTape, node: NodeRef): boolean {
  if (isFree || TEXTS.has(key)) return true
  const raw = tape.bytes.subarray(tape.start(node), tape.end(node))
  return raw.includes(' ') || raw.includes('\\n')
}

/** Walks `node` in the order of the body. */
export function visitLeaves(
  tape: JsonTape,
  node: NodeRef,
  place: LeafPlace,
  visitor: LeafVisitor,
): void {
  if (visitor.enter(node, place)) return
  switch (tape.kind(node)) {
    case 'string':
      visitor.leaf(node, place)
      return
    case 'number':
      // Outside of tools numbers are the dialect's own: limits, times, counts, probabilities.
      if (place.isFree) visitor.leaf(node, place)
      return
    case 'array':
      for (const element of tape.children(node)) visitLeaves(tape, element, place, visitor)
      return
    case 'object':
      visitObject(tape, node, place, visitor)
      return
    case 'boolean':
    case 'null':
    case null:
  }
}

function visitObject(tape: JsonTape, node: NodeRef, place: LeafPlace, visitor: LeafVisitor): void {
  const isSigned = place.isSigned || (!place.isFree && hasSignature(tape, node))
  const name = place.isFree ? null : tape.text(tape.member(node, 'name'))
  for (const child of tape.children(node)) {
    const key = tape.keyOf(child) ?? ''
    if (!place.isFree) {
      if (STRUCTURE.has(key)) continue
      if ((MEDIA.has(key) && isMedia(tape, node, child)) || isDataUrl(tape, child)) {
        visitor.media(child)
        continue
      }
    }
    const isTool = name !== null && TOOL_VALUES.has(key)
    visitLeaves(
      tape,
      child,
      {
        key,
        isSigned,
        isFree: place.isFree || isTool || FREE.has(key),
        tool: isTool ? name : place.tool,
      },
      visitor,
    )
  }
}

/**
 * Anthropic and Bedrock sign thinking, Gemini the turn that a thought belongs to. What OpenAI encrypts is left alone by
 * its name; the summary beside it is text like any other.
 */
function hasSignature(tape: JsonTape, node: NodeRef): boolean {
  return (
    tape.member(node, 'signature') !== NONE || tape.boolean(tape.member(node, 'thought')) === true
  )
}

/** A text, or a list of texts; Anthropic documents may carry plain text under `data` and say so. */
function isMedia(tape: JsonTape, parent: NodeRef, node: NodeRef): boolean {
  const first = tape.kind(node) === 'array' ? tape.firstChild(node) : node
  return tape.kind(first) === 'string' && tape.text(tape.member(parent, 'type')) !== 'text'
}

/** A data URL whose media type says base64 before the comma (RFC 2397). */
function isDataUrl(tape: JsonTape, node: NodeRef): boolean {
  if (tape.kind(node) !== 'string') return false
  const from = tape.start(node) + 1
  if (tape.bytes[from] !== 0x64 || tape.bytes[from + 4] !== 0x3a) return false
  return /^data:[\w.+/;=-]{0,200};base64,/.test(tape.bytes.toString('latin1', from, from + 240))
}
