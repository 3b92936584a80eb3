/** Puts an answer together piece by piece, as the events of a stream or the parts of a body come. */
import type { AnswerView, TokenUsage } from '../model/dialect.ts'

interface CallDraft {
  id: string
  name: string
  arguments: string
}

type Usage = { -readonly [Name in keyof TokenUsage]: TokenUsage[Name] }

export class AnswerDraft {
  text = ''
  reasoning = ''
  refusal = ''
  finishReason: string | null = null
  model: string | null = null
  responseId: string | null = null
  error: string | null = null
  events = 0
  readonly usage: Usage = {
    inputTokens: null,
    outputTokens: null,
    cachedInputTokens: null,
    reasoningTokens: null,
  }
  readonly #calls = new Map<string | number, CallDraft>()

  /** The call with this key (its index or id in the stream), begun when it is not known yet. */
  call(key: string | number): CallDraft {
    const known = this.#calls.get(key)
    if (known !== undefined) return known
    const call = { id: '', name: '', arguments: '' }
    this.#calls.set(key, call)
    return call
  }

  /** For wires that give a call whole. */
  addCall(id: string, name: string, args: string): void {
    Object.assign(this.call(`whole ${this.#calls.size}`), { id, name, arguments: args })
  }

  hasCall(key: string | number): boolean {
    return this.#calls.has(key)
  }

  /** Usage comes in several events, each of which may leave numbers out: known numbers win over null. */
  addUsage(usage: Partial<TokenUsage>): void {
    this.usage.inputTokens = usage.inputTokens ?? this.usage.inputTokens
    this.usage.outputTokens = usage.outputTokens ?? this.usage.outputTokens
    this.usage.cachedInputTokens = usage.cachedInputTokens ?? this.usage.cachedInputTokens
    this.usage.reasoningTokens = usage.reasoningTokens ?? this.usage.reasoningTokens
  }

  view(): AnswerView {
    const { text, reasoning, refusal, finishReason, model, responseId, error, events } = this
    return {
      text,
      reasoning,
      refusal,
      toolCalls: [...this.#calls.values()].map((call) => ({ ...call })),
      finishReason,
      model,
      responseId,
      usage: { ...this.usage },
      error,
      events,
    }
  }
}
