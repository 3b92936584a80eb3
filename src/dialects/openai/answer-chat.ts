/** Assembles chat and text completions, whole or from chunks; several choices are set one below the other. */
import type { AnswerDraft } from '../answer-draft.ts'
import { listAt, numberAt, textAt, valueAt } from '../../lib/json/loose.ts'
import { contentOf } from './answer-parts.ts'

interface Choice {
  text: string
  reasoning: string
  refusal: string
  finishReason: string | null
  lastCall: string
}

const BETWEEN_CHOICES = '\n\n'

export class ChatAssembler {
  readonly #draft: AnswerDraft
  readonly #choices = new Map<number, Choice>()

  constructor(draft: AnswerDraft) {
    this.#draft = draft
  }

  chunk(json: unknown): void {
    this.#read(json, 'delta')
  }

  whole(json: unknown): void {
    this.#read(json, 'message')
  }

  end(): void {
    const choices = [...this.#choices].sort(([a], [b]) => a - b).map(([, choice]) => choice)
    if (choices.length === 0) return
    const joined = (texts: readonly string[]): string =>
      texts.filter((text) => text !== '').join(BETWEEN_CHOICES)
    this.#draft.text = joined(choices.map(({ text }) => text))
    this.#draft.reasoning = joined(choices.map(({ reasoning }) => reasoning))
    this.#draft.refusal = joined(choices.map(({ refusal }) => refusal))
    this.#draft.finishReason =
      choices.find(({ finishReason }) => finishReason !== null)?.finishReason ?? null
  }

  #read(json: unknown, member: 'delta' | 'message'): void {
    for (const [place, choice] of listAt(json, 'choices').entries()) {
      const index = numberAt(choice, 'index') ?? place
      const found = this.#choice(index)
      found.finishReason = textAt(choice, 'finish_reason') ?? found.finishReason
      found.text += textAt(choice, 'text') ?? ''
      const message =
        valueAt(choice, member) ?? valueAt(choice, member === 'delta' ? 'message' : 'delta')
      this.#readMessage(found, index, message)
    }
  }

  #readMessage(choice: Choice, index: number, message: unknown): void {
    const { text, reasoning, refusal } = contentOf(valueAt(message, 'content'))
    choice.text += text + (textAt(message, 'audio', 'transcript') ?? '')
    choice.refusal += refusal + (textAt(message, 'refusal') ?? '')
    // vLLM and OpenRouter name it `reasoning`, DeepSeek `reasoning_content`; some send the same text in both.
    choice.reasoning +=
      reasoning + (textAt(message, 'reasoning_content') ?? textAt(message, 'reasoning') ?? '')
    for (const [place, call] of listAt(message, 'tool_calls').entries()) {
      this.#readCall(choice, index, place, call)
    }
    const legacy = valueAt(message, 'function_call')
    if (legacy !== undefined && legacy !== null) this.#addTo(`${index} legacy`, '', legacy)
  }

  /** Some servers leave the index out of deltas: then a new id begins a new call. */
  #readCall(choice: Choice, index: number, place: number, call: unknown): void {
    const id = textAt(call, 'id') ?? ''
    const number = numberAt(call, 'index')
    if (number !== null) choice.lastCall = `${index} #${number}`
    else if (id !== '') choice.lastCall = `${index} ${id}`
    else if (choice.lastCall === '') choice.lastCall = `${index} #${place}`
    this.#addTo(choice.lastCall, id, valueAt(call, 'function') ?? valueAt(call, 'custom'))
  }

  #addTo(key: string, id: string, called: unknown): void {
    const draft = this.#draft.call(key)
    if (id !== '') draft.id = id
    const name = textAt(called, 'name') ?? ''
    // A name comes whole, but some servers repeat it in every delta.
    if (name !== '' && draft.name === '') draft.name = name
    draft.arguments += textAt(called, 'arguments') ?? textAt(called, 'input') ?? ''
  }

  #choice(index: number): Choice {
    const known = this.#choices.get(index)
    if (known !== undefined) return known
    const choice = { text: '', reasoning: '', refusal: '', finishReason: null, lastCall: '' }
    this.#choices.set(index, choice)
    return choice
  }
}
