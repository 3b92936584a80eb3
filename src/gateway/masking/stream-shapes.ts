/** Where the streamed text of a dialect stands in its events, which channel it continues, and what ends a channel. */
import type { JsonTape, NodeRef } from '../../lib/json/tape.ts'
import type { DialectName } from '../../model/dialect.ts'

/** A text that continues a channel. */
export interface StreamedText {
  readonly node: NodeRef
  /** `<group> <kind>`; a group ends as a whole. */
  readonly group: string
  readonly kind: string
  /** Fragments of JSON, not of text. */
  readonly isJson: boolean
  /** The provider verifies it on the next turn. */
  readonly isSigned: boolean
  readonly tool: string
}

export interface EventReading {
  readonly texts: readonly StreamedText[]
  /** Groups that this event ends. */
  readonly ends: readonly string[] | 'all'
  /** Values that repeat the text in another form. */
  readonly strips: readonly NodeRef[]
  /** False when nothing is known of events of this kind. */
  readonly isKnown: boolean
}

export interface FlushEvent {
  readonly name: string
  readonly data: unknown
}

const repeatsNothing = (): null => null

/** Reads the events of one answer; a fresh one for each. */
export interface StreamShape {
  readonly read: (tape: JsonTape) => EventReading
  /** An event that carries the last of a channel's text; its name is empty for none. */
  readonly flush: (group: string, kind: string, text: string) => FlushEvent
  /** How a text that stands under `key` repeats a channel; null when it repeats none. */
  readonly repeats: (key: string) => 'text' | 'json' | null
}

const SIGNED: ReadonlySet<string> = new Set(['thinking', 'thought'])

/** Null for dialects whose streams cannot be masked yet. */
export function streamShape(dialect: DialectName, surface: string): StreamShape | null {
  switch (dialect) {
    case 'openai':
      if (surface === 'openai.responses') return responsesShape()
      return surface === 'openai.chat-completions' || surface === 'openai.completions'
        ? chatShape()
        : null
    case 'anthropic':
      return surface === 'anthropic.messages' ? anthropicShape() : null
    case 'gemini':
      return geminiShape()
    case 'ollama':
      return ollamaShape()
    case 'bedrock':
      return null
  }
}

function text(
  node: NodeRef,
  group: string,
  kind: string,
  more: Partial<StreamedText> = {},
): StreamedText {
  return { node, group, kind, isJson: false, isSigned: SIGNED.has(kind), tool: '', ...more }
}

function isText(tape: JsonTape, node: NodeRef): boolean {
  return tape.kind(node) === 'string'
}

function numberAt(tape: JsonTape, node: NodeRef, key: string): string {
  return String(tape.number(tape.member(node, key)) ?? 0)
}

/** OpenAI chat completions and completions, and every server that speaks them. */
function chatShape(): StreamShape {
  let head: Readonly<Record<string, unknown>> = {}
  const tools = new Map<string, string>()
  const toolTexts = (tape: JsonTape, group: string, calls: NodeRef): StreamedText[] =>
    [...tape.children(calls)].flatMap((call) => {
      const kind = `tool ${numberAt(tape, call, 'index')}`
      const called = tape.member(call, 'function')
      const name = tape.text(tape.member(called, 'name'))
      if (name !== null) tools.set(`${group} ${kind}`, name)
      const node = tape.member(called, 'arguments')
      const tool = tools.get(`${group} ${kind}`) ?? ''
      return isText(tape, node) ? [text(node, group, kind, { isJson: true, tool })] : []
    })
  const deltaTexts = (tape: JsonTape, group: string, delta: NodeRef): StreamedText[] =>
    [...tape.children(delta)].flatMap((member) => {
      const key = tape.keyOf(member) ?? ''
      if (key === 'tool_calls') return toolTexts(tape, group, member)
      return isText(tape, member) && key !== 'role' ? [text(member, group, key)] : []
    })
  return {
    repeats: repeatsNothing,
    read: (tape) => {
      const texts: StreamedText[] = []
      const ends: string[] = []
      const strips: NodeRef[] = []
      const choices = tape.member(tape.root, 'choices')
      for (const key of ['id', 'object', 'model'])
        head = { ...head, [key]: tape.text(tape.member(tape.root, key)) ?? head[key] ?? '' }
      head = { ...head, created: tape.number(tape.member(tape.root, 'created')) ?? 0 }
      for (const choice of tape.children(choices)) {
        const group = numberAt(tape, choice, 'index')
        texts.push(...deltaTexts(tape, group, tape.member(choice, 'delta')))
        const plain = tape.member(choice, 'text')
        if (isText(tape, plain)) texts.push(text(plain, group, 'completion'))
        if (isText(tape, tape.member(choice, 'finish_reason'))) ends.push(group)
        const odds = tape.member(choice, 'logprobs')
        if (tape.kind(odds) === 'object') strips.push(odds)
      }
      const isKnown =
        tape.kind(choices) === 'array' || tape.kind(tape.member(tape.root, 'error')) !== null
      return { texts, ends, strips, isKnown }
    },
    flush: (group, kind, rest) => {
      const index = Number(group)
      const choice = { index, text: rest, finish_reason: null, logprobs: null }
      if (kind === 'completion') return { name: '', data: { ...head, choices: [choice] } }
      const tool = /^tool (\d+)$/.exec(kind)
      const delta =
        tool === null
          ? { [kind]: rest }
          : { tool_calls: [{ index: Number(tool[1]), function: { arguments: rest } }] }
      return { name: '', data: { ...head, choices: [{ index, delta, finish_reason: null }] } }
    },
  }
}

const ANTHROPIC_TEXTS: Readonly<Record<string, string>> = {
  text_delta: 'text',
  input_json_delta: 'partial_json',
  thinking_delta: 'thinking',
}
const ANTHROPIC_EVENTS: ReadonlySet<string> = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'ping',
  'error',
])

function anthropicShape(): StreamShape {
  const tools = new Map<string, string>()
  return {
    repeats: repeatsNothing,
    read: (tape) => {
      const type = tape.text(tape.member(tape.root, 'type')) ?? ''
      const group = numberAt(tape, tape.root, 'index')
      const texts: StreamedText[] = []
      let isKnown = ANTHROPIC_EVENTS.has(type)
      if (type === 'content_block_start') {
        const block = tape.member(tape.root, 'content_block')
        tools.set(group, tape.text(tape.member(block, 'name')) ?? '')
      }
      if (type === 'content_block_delta') {
        const delta = tape.member(tape.root, 'delta')
        const deltaType = tape.text(tape.member(delta, 'type')) ?? ''
        const kind = ANTHROPIC_TEXTS[deltaType]
        const node = kind === undefined ? -1 : tape.member(delta, kind)
        if (kind !== undefined && isText(tape, node)) {
          const isJson = kind === 'partial_json'
          texts.push(
            text(node, group, kind, { isJson, tool: isJson ? (tools.get(group) ?? '') : '' }),
          )
        } else isKnown = deltaType === 'signature_delta' || deltaType === 'citations_delta'
      }
      const isOver = type === 'message_delta' || type === 'message_stop'
      const ends = isOver ? 'all' : type === 'content_block_stop' ? [group] : []
      return { texts, ends, strips: [], isKnown }
    },
    flush: (group, kind, rest) => {
      const [type] = Object.entries(ANTHROPIC_TEXTS).find(([, key]) => key === kind) ?? [
        'text_delta',
      ]
      const name = 'content_block_delta'
      return { name, data: { type: name, index: Number(group), delta: { type, [kind]: rest } } }
    },
  }
}

function geminiShape(): StreamShape {
  return {
    repeats: repeatsNothing,
    read: (tape) => {
      const texts: StreamedText[] = []
      const ends: string[] = []
      const strips: NodeRef[] = []
      const candidates = tape.member(tape.root, 'candidates')
      for (const candidate of tape.children(candidates)) {
        const group = numberAt(tape, candidate, 'index')
        const parts = tape.member(tape.member(candidate, 'content'), 'parts')
        for (const part of tape.children(parts)) {
          const node = tape.member(part, 'text')
          const isThought = tape.boolean(tape.member(part, 'thought')) === true
          if (isText(tape, node)) texts.push(text(node, group, isThought ? 'thought' : 'text'))
        }
        if (isText(tape, tape.member(candidate, 'finishReason'))) ends.push(group)
        const odds = tape.member(candidate, 'logprobsResult')
        if (tape.kind(odds) === 'object') strips.push(odds)
      }
      const isKnown = ['candidates', 'usageMetadata', 'promptFeedback', 'error'].some(
        (key) => tape.kind(tape.member(tape.root, key)) !== null,
      )
      return { texts, ends, strips, isKnown }
    },
    flush: (group, _kind, rest) => {
      const content = { parts: [{ text: rest }], role: 'model' }
      return { name: '', data: { candidates: [{ content, index: Number(group) }] } }
    },
  }
}

function ollamaShape(): StreamShape {
  return {
    repeats: repeatsNothing,
    read: (tape) => {
      const message = tape.member(tape.root, 'message')
      const places: readonly (readonly [string, NodeRef])[] = [
        ['content', tape.member(message, 'content')],
        ['reasoning', tape.member(message, 'thinking')],
        ['response', tape.member(tape.root, 'response')],
        ['reasoning', tape.member(tape.root, 'thinking')],
      ]
      const texts = places
        .filter(([, node]) => isText(tape, node))
        .map(([kind, node]) => text(node, '0', kind))
      const isDone = tape.boolean(tape.member(tape.root, 'done')) === true
      return { texts, ends: isDone ? 'all' : [], strips: [], isKnown: true }
    },
    flush: (_group, kind, rest) => {
      if (kind === 'response') return { name: '', data: { response: rest, done: false } }
      const key = kind === 'reasoning' ? 'thinking' : 'content'
      const message = { role: 'assistant', content: '', [key]: rest }
      return { name: '', data: { message, done: false } }
    },
  }
}

const RESPONSE_JSON: ReadonlySet<string> = new Set([
  'response.function_call_arguments',
  'response.mcp_call_arguments',
])
const RESPONSE_END = /^response\.(?:completed|incomplete|failed|cancelled)$/
interface Template {
  readonly type: string
  readonly [field: string]: string | number
}

const PLACES = ['output_index', 'content_index', 'summary_index'] as const

/** OpenAI responses: texts come in deltas and are repeated whole by what ends them and by the last event. */
function responsesShape(): StreamShape {
  const tools = new Map<string, string>()
  const templates = new Map<string, Template>()
  const templateOf = (tape: JsonTape, type: string): Template => ({
    type,
    sequence_number: tape.number(tape.member(tape.root, 'sequence_number')) ?? 0,
    item_id: tape.text(tape.member(tape.root, 'item_id')) ?? '',
    ...Object.fromEntries(
      PLACES.flatMap((key) => {
        const place = tape.number(tape.member(tape.root, key))
        return place === null ? [] : [[key, place]]
      }),
    ),
  })
  return {
    repeats: (key) => {
      if (key === 'arguments') return 'json'
      return key === 'text' || key === 'refusal' || key === 'input' ? 'text' : null
    },
    read: (tape) => {
      const type = tape.text(tape.member(tape.root, 'type')) ?? ''
      const [, base = '', step = ''] = /^(.*)\.(delta|done)$/.exec(type) ?? []
      const at = ['item_id', ...PLACES].map((key) => {
        const node = tape.member(tape.root, key)
        return tape.text(node) ?? String(tape.number(node) ?? '')
      })
      const group = `${base} ${at.join(' ')}`
      if (type === 'response.output_item.added') {
        const item = tape.member(tape.root, 'item')
        tools.set(
          tape.text(tape.member(item, 'id')) ?? '',
          tape.text(tape.member(item, 'name')) ?? '',
        )
      }
      const node = tape.member(tape.root, 'delta')
      const texts: StreamedText[] = []
      if (step === 'delta' && isText(tape, node)) {
        const isJson = RESPONSE_JSON.has(base)
        texts.push(text(node, group, 'delta', { isJson, tool: tools.get(at[0] ?? '') ?? '' }))
        templates.set(group, templateOf(tape, type))
      }
      const ends = RESPONSE_END.test(type) ? 'all' : step === 'done' ? [group] : []
      const odds = tape.member(tape.root, 'logprobs')
      const strips = tape.firstChild(odds) === -1 ? [] : [odds]
      return { texts, ends, strips, isKnown: type === 'error' || type.startsWith('response.') }
    },
    flush: (group, _kind, rest) => {
      const template = templates.get(group)
      return { name: template?.type ?? '', data: { ...template, delta: rest } }
    },
  }
}
