/** Assembles answers of the Responses API, whole or from events; finished items win over the deltas they repeat. */
import type { AnswerDraft } from '../answer-draft.ts'
import { listAt, numberAt, textAt, valueAt, writtenJson } from '../../lib/json/loose.ts'
import { contentOf, errorText, readUsage } from './answer-parts.ts'

interface Item {
  text: string
  reasoning: string
  refusal: string
  call: { id: string; name: string; arguments: string } | null
}

type Channel = 'text' | 'reasoning' | 'refusal' | 'call'

/** Events whose `delta` is a piece of an item. */
const DELTAS: ReadonlyMap<string, Channel> = new Map([
  ['response.output_text.delta', 'text'],
  ['response.audio.transcript.delta', 'text'],
  ['response.refusal.delta', 'refusal'],
  ['response.reasoning_summary_text.delta', 'reasoning'],
  ['response.reasoning_text.delta', 'reasoning'],
  ['response.function_call_arguments.delta', 'call'],
  ['response.custom_tool_call_input.delta', 'call'],
  ['response.mcp_call_arguments.delta', 'call'],
])

export class ResponsesAssembler {
  readonly #draft: AnswerDraft
  readonly #items = new Map<string, Item>()
  #status: string | null = null
  #reason: string | null = null

  constructor(draft: AnswerDraft) {
    this.#draft = draft
  }

  event(type: string, json: unknown): void {
    const response = valueAt(json, 'response')
    if (response !== undefined) this.#readResponse(response)
    const channel = DELTAS.get(type)
    if (channel !== undefined) this.#addDelta(channel, keyOf(json), textAt(json, 'delta') ?? '')
    if (type === 'response.output_item.added' || type === 'response.output_item.done') {
      this.#items.set(keyOf(json), itemOf(valueAt(json, 'item')))
    }
  }

  whole(json: unknown): void {
    this.#readResponse(json)
  }

  end(): void {
    const items = [...this.#items.values()]
    if (this.#status === null && items.length === 0) return
    const joined = (texts: readonly string[]): string =>
      texts.filter((text) => text !== '').join('\n\n')
    this.#draft.text = joined(items.map(({ text }) => text))
    this.#draft.reasoning = joined(items.map(({ reasoning }) => reasoning))
    this.#draft.refusal = joined(items.map(({ refusal }) => refusal))
    for (const { call } of items)
      if (call !== null) this.#draft.addCall(call.id, call.name, call.arguments)
    this.#draft.finishReason = this.#reason ?? (isRunning(this.#status) ? null : this.#status)
  }

  /** The first events carry a response without output; the last one may leave it out as well. */
  #readResponse(response: unknown): void {
    this.#draft.model = textAt(response, 'model') ?? this.#draft.model
    this.#draft.responseId = textAt(response, 'id') ?? this.#draft.responseId
    readUsage(this.#draft, valueAt(response, 'usage'))
    this.#status = textAt(response, 'status') ?? this.#status
    this.#reason = textAt(response, 'incomplete_details', 'reason') ?? this.#reason
    const error = valueAt(response, 'error')
    if (error !== undefined && error !== null) this.#draft.error ??= errorText(error)
    const output = listAt(response, 'output')
    if (output.length === 0) return
    this.#items.clear()
    for (const [place, item] of output.entries()) this.#items.set(`#${place}`, itemOf(item))
  }

  #addDelta(channel: Channel, key: string, delta: string): void {
    const item = this.#items.get(key) ?? itemOf(null)
    this.#items.set(key, item)
    if (channel === 'call') {
      item.call ??= { id: '', name: '', arguments: '' }
      item.call.arguments += delta
    } else item[channel] += delta
  }
}

function keyOf(json: unknown): string {
  const index = numberAt(json, 'output_index')
  return index === null
    ? (textAt(json, 'item_id') ?? textAt(json, 'item', 'id') ?? '')
    : `#${index}`
}

function isRunning(status: string | null): boolean {
  return status === 'in_progress' || status === 'queued'
}

function itemOf(item: unknown): Item {
  const content = contentOf(valueAt(item, 'content'))
  const summary = contentOf(valueAt(item, 'summary'))
  return {
    text: content.text,
    reasoning: summary.reasoning + content.reasoning,
    refusal: content.refusal,
    call: callOf(item),
  }
}

/** Where the kinds of call keep what is to be done. */
const CALL_MEMBERS = ['arguments', 'input', 'action', 'operation', 'queries', 'code'] as const

/** Calls of built-in tools (shell, patch, computer, search) have no name; their kind stands for it. */
function callOf(item: unknown): Item['call'] {
  const type = textAt(item, 'type') ?? ''
  if (!type.endsWith('_call')) return null
  const member = CALL_MEMBERS.find((name) => (valueAt(item, name) ?? null) !== null)
  if (member === undefined) return null
  return {
    id: textAt(item, 'call_id') ?? textAt(item, 'id') ?? '',
    name: textAt(item, 'name') ?? type,
    arguments: textAt(item, member) ?? writtenJson(valueAt(item, member)),
  }
}
