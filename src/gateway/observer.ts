/** What the data plane tells to metrics and the log: numbers and names, never content and never a credential. */
import type { ClosingFacts } from '../model/record.ts'
import type { Exchange } from './exchange.ts'

export interface GatewayObserver {
  /** Once for each exchange, when everything about it is known. */
  readonly settled: (exchange: Exchange, closing: ClosingFacts) => void
  /** A fault of the gateway itself; the exchange was answered with `internal`. */
  readonly faulted: (exchange: Exchange, error: unknown) => void
  /** A connection refused by the HTTP parser before an exchange could begin. */
  readonly malformed: (code: string) => void
}
