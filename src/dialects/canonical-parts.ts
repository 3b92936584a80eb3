/** Reduces a block of a context window to what was said in it: what clients change from turn to turn makes no difference. */
import { hash } from 'node:crypto'
import { withoutSpace } from '../lib/without-space.ts'
import type { BlockRole, ToolCall } from '../model/dialect.ts'
import { listAt, parseLoose, textAt, valueAt } from '../lib/json/loose.ts'

/** One part of a message. */
export interface CanonicalPart {
  /** Digest of role, content and ids. */
  readonly digest: string
  /** What the part says; null where no model speaks, and for parts that are neither text nor a call. */
  readonly said: Said | null
}

export type Said =
  /** Without white space. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: string }

/** Marks of caching and transport; they move while what was said stays. */
const DROPPED_KEYS: ReadonlySet<string> = new Set([
  'cache_control',
  'cachePoint',
  'status',
  'annotations',
  'logprobs',
  'index',
  'reasoning',
  'reasoning_content',
  'thinking',
  'thoughtSignature',
  'thought_signature',
])
/** Reasoning is dropped by clients as they like; marks of caching are no content. */
const DROPPED_TYPES: ReadonlySet<string> = new Set([
  'thinking',
  'redacted_thinking',
  'reasoning',
  'compaction',
])
const TEXT_TYPES: ReadonlySet<string> = new Set(['text', 'input_text', 'output_text'])

/** The parts of one block, in order. Total: bytes that are no JSON are one part. */
export function canonicalParts(bytes: Buffer, role: BlockRole): readonly CanonicalPart[] {
  const text = bytes.toString('utf8')
  const value = parseLoose(text)
  if (value === null) return [partOf(role, { raw: text })]
  return partsOf(value).map((part) => partOf(role, part))
}

/** A message is as many parts as it has; a part is itself. */
function partsOf(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return [{ text: value }]
  if (typeof value !== 'object' || value === null || isDropped(value)) return []
  const content = valueAt(value, 'content')
  const type = textAt(value, 'type')
  // A tool result has content, too, and is one part.
  const isMessage = textAt(value, 'role') !== null && (type === null || type === 'message')
  if (!isMessage) return [value]
  const rest = Object.entries(value).filter(
    ([key, member]) =>
      !['role', 'content', 'type', 'id', 'tool_calls', 'function_call'].includes(key) &&
      !DROPPED_KEYS.has(key) &&
      !isNothing(member),
  )
  const id = textAt(value, 'tool_call_id')
  const isSilent = isNothing(content)
  const said = Array.isArray(content)
    ? content.flatMap((part: unknown) => (isDropped(part) ? [] : [part]))
    : isSilent
      ? []
      : [{ text: content }]
  // A model that only calls tools says nothing; a tool that returns nothing has returned.
  if (isSilent && textAt(value, 'role') !== 'assistant') said.push({ text: '' })
  const texts =
    id === null ? said : said.map((part: unknown) => ({ part: asText(part), tool_call_id: id }))
  const named = rest.filter(([key]) => key !== 'tool_call_id')
  return [
    ...texts,
    ...listAt(value, 'tool_calls'),
    ...(named.length === 0 ? [] : [Object.fromEntries(named)]),
  ]
}

function isDropped(value: unknown): boolean {
  const type = textAt(value, 'type')
  return (
    (type !== null && DROPPED_TYPES.has(type)) ||
    valueAt(value, 'thought') === true ||
    valueAt(value, 'reasoningContent') !== undefined ||
    valueAt(value, 'cachePoint') !== undefined
  )
}

function isNothing(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  )
}

function partOf(role: BlockRole, part: unknown): CanonicalPart {
  const said = saidIn(part)
  const id = callId(part)
  const form =
    said === null
      ? stable(part, 0)
      : said.kind === 'text'
        ? `text ${tidy(said.text)}`
        : `call ${id ?? ''} ${said.name} ${said.arguments}`
  return {
    digest: hash('sha256', `${role}\0${form}`, 'base64'),
    said: role === 'assistant' ? squeezed(said) : null,
  }
}

function saidIn(part: unknown): Said | null {
  const text = asText(part)
  if (typeof text === 'string') return { kind: 'text', text }
  const holder =
    valueAt(part, 'function') ?? valueAt(part, 'functionCall') ?? valueAt(part, 'toolUse') ?? part
  const name = textAt(holder, 'name')
  const given = valueAt(holder, 'arguments') ?? valueAt(holder, 'input') ?? valueAt(holder, 'args')
  const isCall =
    holder !== part ||
    ['tool_use', 'function_call', 'custom_tool_call'].includes(textAt(part, 'type') ?? '')
  if (!isCall || name === null) return null
  return { kind: 'call', name, arguments: argumentsForm(given) }
}

/** The text of a text part, whatever it is called; the part itself when it is none. */
function asText(part: unknown): unknown {
  if (typeof part === 'string') return part
  const type = textAt(part, 'type')
  const text = textAt(part, 'text')
  if (text !== null && (type === null || TEXT_TYPES.has(type))) return text
  return part
}

function callId(part: unknown): string | null {
  return (
    textAt(part, 'call_id') ??
    textAt(part, 'id') ??
    textAt(part, 'toolUse', 'toolUseId') ??
    textAt(part, 'functionCall', 'id')
  )
}

/** Arguments are the same as an object, as JSON text, and as JSON text that was written again. */
function argumentsForm(given: unknown, depth = 0): string {
  if (typeof given !== 'string') return stable(given ?? {}, depth)
  const parsed = parseLoose(given)
  return parsed === null ? tidy(given) : stable(parsed, depth)
}

/** A model may answer with anything: what nests deeper than this would end the reading of the whole answer. */
const DEPTH_MAX = 500

/** JSON with sorted keys, without what is dropped. */
function stable(value: unknown, depth: number): string {
  if (depth > DEPTH_MAX) return '"deeper"'
  if (typeof value === 'string') return JSON.stringify(tidy(value))
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value))
    return `[${value
      .filter((one) => !isDropped(one))
      .map((one) => stable(one, depth + 1))
      .join(',')}]`
  const members = Object.entries(value)
    .filter(([key, member]) => !DROPPED_KEYS.has(key) && !isNothing(member))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) =>
      key === 'arguments'
        ? `${JSON.stringify(key)}:${argumentsForm(member, depth + 1)}`
        : `${JSON.stringify(key)}:${key === 'content' ? contentForm(member, depth + 1) : stable(member, depth + 1)}`,
    )
  return `{${members.join(',')}}`
}

/** A text is the same as a list with that one text. */
function contentForm(content: unknown, depth = 0): string {
  const parts = Array.isArray(content) ? content.filter((one) => !isDropped(one)) : [content]
  return `[${parts.map((part: unknown) => stable(asText(part), depth)).join(',')}]`
}

function tidy(text: string): string {
  return text.replaceAll('\r\n', '\n').trim()
}

function squeezed(said: Said | null): Said | null {
  return said?.kind === 'text' ? { kind: 'text', text: withoutSpace(said.text) } : said
}

/** Names an answer by what it says: all its text, then its calls in order, without ids. */
export function saidDigest(parts: readonly Said[]): string {
  const text = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('')
  const calls = parts.flatMap((part) =>
    part.kind === 'call' ? [`${part.name} ${part.arguments}`] : [],
  )
  return hash('sha256', JSON.stringify([text, calls]), 'base64')
}

/** The same name for an answer that was read from the provider. */
export function answerDigest(text: string, calls: readonly ToolCall[]): string {
  return saidDigest([
    { kind: 'text', text: withoutSpace(text) },
    ...calls.map((call): Said => ({
      kind: 'call',
      name: call.name,
      arguments: argumentsForm(call.arguments === '' ? {} : call.arguments),
    })),
  ])
}
