/** Reads the pieces that OpenAI answers of every kind are made of: usage, error texts, content parts. */
import type { AnswerDraft } from '../answer-draft.ts'
import { listAt, numberAt, textAt } from '../../lib/json/loose.ts'

export function readUsage(draft: AnswerDraft, usage: unknown): void {
  if (usage === undefined || usage === null) return
  draft.addUsage({
    inputTokens: numberAt(usage, 'prompt_tokens') ?? numberAt(usage, 'input_tokens'),
    outputTokens: numberAt(usage, 'completion_tokens') ?? numberAt(usage, 'output_tokens'),
    cachedInputTokens:
      numberAt(usage, 'prompt_tokens_details', 'cached_tokens') ??
      numberAt(usage, 'input_tokens_details', 'cached_tokens') ??
      numberAt(usage, 'prompt_cache_hit_tokens'),
    reasoningTokens:
      numberAt(usage, 'completion_tokens_details', 'reasoning_tokens') ??
      numberAt(usage, 'output_tokens_details', 'reasoning_tokens'),
  })
}

/** The provider's words; a fixed text when it gave none. */
export function errorText(error: unknown): string {
  if (typeof error === 'string') return error
  return (
    textAt(error, 'message') ??
    textAt(error, 'code') ??
    textAt(error, 'type') ??
    'error without a message'
  )
}

/** Text and reasoning of a content value: a string, or parts of several vendors' kinds. */
export function contentOf(content: unknown): {
  readonly text: string
  readonly reasoning: string
  readonly refusal: string
} {
  if (typeof content === 'string') return { text: content, reasoning: '', refusal: '' }
  let text = ''
  let reasoning = ''
  let refusal = ''
  for (const part of listAt(content)) {
    switch (textAt(part, 'type') ?? '') {
      case 'thinking':
        for (const thought of listAt(part, 'thinking')) reasoning += textAt(thought, 'text') ?? ''
        break
      case 'reasoning_text':
      case 'summary_text':
        reasoning += textAt(part, 'text') ?? ''
        break
      case 'refusal':
        refusal += textAt(part, 'refusal') ?? ''
        break
      default:
        text += textAt(part, 'text') ?? ''
    }
  }
  return { text, reasoning, refusal }
}
