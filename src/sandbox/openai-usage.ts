/** The `usage` object of OpenAI chat and text completions. */
import type { Usage } from './tokens.ts'

/** Output counts once for each of the `choices`; the prompt counts once. */
export function openaiUsage(usage: Usage, choices = 1) {
  const output = usage.output * choices
  return {
    prompt_tokens: usage.input,
    completion_tokens: output,
    total_tokens: usage.input + output,
    prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning * choices,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
