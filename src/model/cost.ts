/** What an exchange cost, from its tokens and the prices an operator wrote down. */
import { globMatches } from '../lib/glob.ts'
import type { TokenUsage } from './dialect.ts'

/** Of a million tokens each. */
export interface ModelPrice {
  /** Glob over the model that answered. */
  readonly model: string
  /** Null: every upstream. */
  readonly upstream: string | null
  readonly input: number
  readonly cachedInput: number
  readonly output: number
}

export interface PriceList {
  /** ISO 4217. */
  readonly currency: string
  /** The first that matches counts. */
  readonly models: readonly ModelPrice[]
}

export interface Cost {
  readonly amount: number
  readonly currency: string
}

const MILLION = 1_000_000

/** Null when the model has no price, or the provider did not count its tokens. */
export function costOf(
  list: PriceList,
  exchange: { readonly model: string; readonly upstream: string; readonly usage: TokenUsage },
): Cost | null {
  const { inputTokens, outputTokens, cachedInputTokens } = exchange.usage
  const price = list.models.find(
    ({ model, upstream }) =>
      globMatches(model, exchange.model) && (upstream === null || upstream === exchange.upstream),
  )
  if (price === undefined || (inputTokens === null && outputTokens === null)) return null
  const input = inputTokens ?? 0
  const cached = Math.min(cachedInputTokens ?? 0, input)
  const amount =
    (input - cached) * price.input + cached * price.cachedInput + (outputTokens ?? 0) * price.output
  return { amount: amount / MILLION, currency: list.currency }
}
