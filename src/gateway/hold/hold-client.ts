/** How long a client can be kept waiting without a word, and how it is told to come back: measured behaviour of real clients. */
import type { HoldSettings } from '../../model/approval-settings.ts'
import { headerValue } from '../headers.ts'

/** Left for the answer to arrive before the client gives up. */
const MARGIN_MS = 10_000
/** Together with its retries, no client is kept longer; then it is told to run again after the decision. */
const RETRIED_FOR_MS = 15 * 60_000

/** Seconds in which the SDKs say when they give up. */
const TIMEOUT_HEADERS = ['x-stainless-timeout', 'x-stainless-read-timeout', 'x-server-timeout']

export function holdBudgetMs(flatHeaders: readonly string[], settings: HoldSettings): number {
  const declared = TIMEOUT_HEADERS.flatMap((name) => {
    const seconds = Number(headerValue(flatHeaders, name) ?? '')
    return Number.isFinite(seconds) && seconds > 0 ? [seconds * 1000] : []
  })
  const usable = declared.map((ms) => Math.max(ms - MARGIN_MS, ms / 2))
  return Math.min(settings.budgetMs, ...usable)
}

/** Names in the user agents of clients that send a request again when they are told 503. */
const RETRYING = [
  /^openai\//i,
  /^asyncopenai\//i,
  /^anthropic\//i,
  /^asyncanthropic\//i,
  /^claude-cli\//i,
  /\bai-sdk\//i,
  /^ai\//i,
  /\baws-sdk-/i,
  /\bbotocore\//i,
  /^langchain/i,
]

/** `retry`: 503 with Retry-After; `final`: an error that no client sends again. */
export function pendingAnswer(
  flatHeaders: readonly string[],
  settings: HoldSettings,
  waitedMs: number,
): 'retry' | 'final' {
  if (settings.pending === 'final') return 'final'
  if (waitedMs >= RETRIED_FOR_MS) return 'final'
  if (settings.pending === 'retry') return 'retry'
  const agent = headerValue(flatHeaders, 'user-agent') ?? ''
  const isStainless = headerValue(flatHeaders, 'x-stainless-lang') !== null
  const isAiSdk = headerValue(flatHeaders, 'x-ai-sdk') !== null
  return isStainless || isAiSdk || RETRYING.some((name) => name.test(agent)) ? 'retry' : 'final'
}
