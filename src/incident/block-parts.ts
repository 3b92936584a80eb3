/** Reads one block of a context window as the parts a person recognises, whatever dialect wrote it. */
import { isJsonObject } from '../lib/json/loose.ts'
import type { BlockRole } from '../model/dialect.ts'

export type PartKind =
  | 'text'
  | 'reasoning'
  | 'tool-call'
  | 'tool-result'
  | 'tool-definition'
  | 'media'
  | 'json'

export interface BlockPart {
  readonly kind: PartKind
  /** Of media that is referred to: its address; empty when the data itself was sent. */
  readonly text: string
  /** Of the tool, or the media type. */
  readonly name: string | null
  /** Of the tool call. */
  readonly id: string | null
}

type Fields = Readonly<Record<string, unknown>>

const DEPTH_MAX = 6

/** Total: what is not understood is given as its JSON or its text. */
export function blockParts(bytes: Buffer, role: BlockRole): readonly BlockPart[] {
  const text = bytes.toString('utf8')
  const value = parse(text)
  if (value === undefined) return [part('text', text)]
  if (role === 'tool-definition') return [definition(value)]
  const parts = partsOf(value, role, DEPTH_MAX)
  return parts.length === 0 ? [part('json', JSON.stringify(value))] : parts
}

function partsOf(value: unknown, role: BlockRole, depth: number): readonly BlockPart[] {
  if (typeof value === 'string') {
    return value === '' ? [] : [part(role === 'tool' ? 'tool-result' : 'text', value)]
  }
  if (depth === 0) return [part('json', JSON.stringify(value))]
  if (Array.isArray(value)) return value.flatMap((item) => partsOf(item, role, depth - 1))
  if (!isJsonObject(value)) return value === null ? [] : [part('json', JSON.stringify(value))]
  const own = ownPart(value, role, depth)
  if (own !== null) return own
  const reasoning = ['reasoning_content', 'reasoning', 'thinking'].flatMap((key) =>
    typeof value[key] === 'string' && value[key] !== '' ? [part('reasoning', value[key])] : [],
  )
  const inner = ['content', 'parts', 'text', 'refusal', 'summary'].flatMap((key) =>
    key in value ? partsOf(value[key], role, depth - 1) : [],
  )
  const calls = Array.isArray(value['tool_calls'])
    ? value['tool_calls'].flatMap((call) => callPart(call))
    : []
  const toolId = textOf(value['tool_call_id'])
  const named = inner.map((one) =>
    one.kind === 'tool-result' && one.id === null
      ? { ...one, id: toolId, name: one.name ?? textOf(value['name']) }
      : one,
  )
  return [...reasoning, ...named, ...calls]
}

/** Parts that say by their type or their only member what they are. */
function ownPart(value: Fields, role: BlockRole, depth: number): readonly BlockPart[] | null {
  const type = textOf(value['type']) ?? ''
  if (type === 'thinking' || type === 'redacted_thinking' || type === 'reasoning') {
    const text = textOf(value['thinking']) ?? joined(partsOf(value['summary'], role, depth - 1))
    return [part('reasoning', text)]
  }
  const call = callPart(value)
  if (call.length > 0) return call
  for (const key of ['toolResult', 'functionResponse', 'function_response']) {
    const inner = value[key]
    if (isJsonObject(inner)) return [result(inner, depth)]
  }
  if (/(?:tool_result|_output)$/.test(type)) return [result(value, depth)]
  const media = mediaType(value, type)
  return media === null
    ? null
    : [{ kind: 'media', text: mediaAddress(value), name: media, id: null }]
}

function callPart(value: unknown): readonly BlockPart[] {
  if (!isJsonObject(value)) return []
  const inner = ['function', 'custom', 'functionCall', 'function_call', 'toolUse']
    .map((key) => value[key])
    .find((one) => isJsonObject(one) && typeof one['name'] === 'string')
  const type = textOf(value['type']) ?? ''
  const call = isJsonObject(inner) ? inner : /(?:tool_use|_call)$/.test(type) ? value : null
  const name = textOf(call?.['name'])
  if (call === null || name === null) return []
  const given = call['arguments'] ?? call['input'] ?? call['args'] ?? ''
  return [
    {
      kind: 'tool-call',
      text: typeof given === 'string' ? given : JSON.stringify(given),
      name,
      id: textOf(call['toolUseId']) ?? textOf(value['call_id']) ?? textOf(value['id']),
    },
  ]
}

function result(value: Fields, depth: number): BlockPart {
  const inner = value['content'] ?? value['output'] ?? value['response'] ?? ''
  const text = typeof inner === 'string' ? inner : joined(partsOf(inner, 'other', depth - 1))
  return {
    kind: 'tool-result',
    text: text === '' && inner !== '' ? JSON.stringify(inner) : text,
    name: textOf(value['name']),
    id:
      textOf(value['tool_use_id']) ??
      textOf(value['toolUseId']) ??
      textOf(value['call_id']) ??
      textOf(value['id']),
  }
}

function mediaType(value: Fields, type: string): string | null {
  for (const key of ['inlineData', 'inline_data', 'fileData', 'source']) {
    const inner = value[key]
    if (!isJsonObject(inner)) continue
    const media =
      textOf(inner['mimeType']) ?? textOf(inner['mime_type']) ?? textOf(inner['media_type'])
    if (media !== null) return media
  }
  if (/image|audio|video|file|document/.test(type)) return type
  return ['image', 'document', 'video'].find((key) => isJsonObject(value[key])) ?? null
}

function mediaAddress(value: Fields): string {
  const inner = Object.values(value).filter(isJsonObject)
  const texts = [value, ...inner].flatMap((fields) =>
    ['url', 'uri', 'fileUri', 'file_uri', 'image_url', 'file_id'].flatMap(
      (key) => textOf(fields[key]) ?? [],
    ),
  )
  return texts.find((text) => !text.startsWith('data:')) ?? ''
}

function definition(value: unknown): BlockPart {
  const fields = isJsonObject(value) ? value : {}
  const inner =
    ['function', 'custom', 'toolSpec'].map((key) => fields[key]).find(isJsonObject) ?? fields
  return {
    kind: 'tool-definition',
    text: JSON.stringify(value),
    name: textOf(inner['name']) ?? textOf(fields['type']),
    id: null,
  }
}

function part(kind: PartKind, text: string): BlockPart {
  return { kind, text, name: null, id: null }
}

function joined(parts: readonly BlockPart[]): string {
  return parts.map(({ text }) => text).join('\n')
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
