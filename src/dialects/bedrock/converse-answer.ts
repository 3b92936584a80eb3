/** Puts a Converse answer together, from the events of its stream or from its JSON body. */
import { AnswerDraft } from '../answer-draft.ts'
import { listAt, numberAt, textAt, valueAt } from '../../lib/json/loose.ts'
import type { RawJson } from '../raw-json.ts'

export class ConverseAnswer {
  readonly draft: AnswerDraft

  constructor(draft = new AnswerDraft()) {
    this.draft = draft
  }

  applyEvent(name: string, event: unknown): void {
    const index = numberAt(event, 'contentBlockIndex') ?? 0
    switch (name) {
      case 'contentBlockStart':
        this.#startCall(index, valueAt(event, 'start', 'toolUse'))
        break
      case 'contentBlockDelta':
        this.#applyDelta(index, valueAt(event, 'delta'))
        break
      case 'contentBlockStop':
        this.#endCall(index)
        break
      case 'messageStop':
        this.draft.finishReason = textAt(event, 'stopReason') ?? this.draft.finishReason
        break
      case 'metadata':
        this.#applyUsage(valueAt(event, 'usage'))
        break
      default:
    }
  }

  applyBody(body: unknown, raw: RawJson): void {
    this.draft.finishReason = textAt(body, 'stopReason') ?? this.draft.finishReason
    this.#applyUsage(valueAt(body, 'usage'))
    for (const [index, part] of listAt(body, 'output', 'message', 'content').entries()) {
      this.draft.text += textAt(part, 'text') ?? ''
      this.draft.reasoning += textAt(part, 'reasoningContent', 'reasoningText', 'text') ?? ''
      const call = valueAt(part, 'toolUse')
      if (call === undefined) continue
      const input = raw.at('output', 'message', 'content', index, 'toolUse', 'input') ?? '{}'
      this.draft.addCall(textAt(call, 'toolUseId') ?? '', textAt(call, 'name') ?? '', input)
    }
  }

  #startCall(index: number, call: unknown): void {
    if (call === undefined) return
    const draft = this.draft.call(index)
    draft.id = textAt(call, 'toolUseId') ?? ''
    draft.name = textAt(call, 'name') ?? ''
  }

  #applyDelta(index: number, delta: unknown): void {
    this.draft.text += textAt(delta, 'text') ?? ''
    this.draft.reasoning += textAt(delta, 'reasoningContent', 'text') ?? ''
    const input = textAt(delta, 'toolUse', 'input')
    if (input !== null) this.draft.call(index).arguments += input
  }

  /** A call without arguments is streamed without any delta. */
  #endCall(index: number): void {
    if (!this.draft.hasCall(index)) return
    const call = this.draft.call(index)
    if (call.arguments === '') call.arguments = '{}'
  }

  /** Converse counts cached input apart from `inputTokens`; the view counts all input, as the other dialects do. */
  #applyUsage(usage: unknown): void {
    const fresh = numberAt(usage, 'inputTokens')
    const cached = numberAt(usage, 'cacheReadInputTokens')
    const written = numberAt(usage, 'cacheWriteInputTokens')
    this.draft.addUsage({
      inputTokens: fresh === null ? null : fresh + (cached ?? 0) + (written ?? 0),
      outputTokens: numberAt(usage, 'outputTokens'),
      cachedInputTokens: cached,
    })
  }
}
