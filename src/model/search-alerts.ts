/** Alerts on searches: whoever is told when an exchange matches, how often, and what became of it. */
import type { ExchangeId } from '../lib/ids.ts'

export interface SearchAlertRow {
  readonly id: string
  readonly person: string
  readonly personName: string
  /** The saved search that it hangs on: name and query are that one's, and end with it. */
  readonly view: string
  readonly name: string
  /** In the query language. */
  readonly q: string
  /** `webhook NAME` or `slack`, as custody.yaml has them: nobody types an address into the console. */
  readonly channel: string
  readonly enabled: boolean
  /** What matches until then is counted and not told. */
  readonly mutedUntilMs: number | null
  /** Told at most once in this time; what comes in between is told together. */
  readonly everyMs: number
  /** Exchanges that came before it are none of its business. */
  readonly createdAtMs: number
  readonly matched: number
  readonly sent: number
  readonly lastSentAtMs: number | null
  readonly attempts: number
  readonly retryAtMs: number | null
  /** Empty while all is well. */
  readonly lastError: string
  readonly lastErrorAtMs: number | null
  readonly version: number
}

export interface AlertBatch {
  /** Stable: the same when it is sent again. */
  readonly id: string
  /** Oldest first. */
  readonly exchanges: readonly ExchangeId[]
}

export interface SearchAlertTable {
  readonly insert: (row: SearchAlertRow) => Promise<void>
  readonly byId: (id: string) => Promise<SearchAlertRow | null>
  /** Oldest first. */
  readonly list: () => Promise<readonly SearchAlertRow[]>
  /** Those that hang on these saved searches. */
  readonly onViews: (views: readonly string[]) => Promise<readonly SearchAlertRow[]>
  /** Writes where id and `version - 1` match. */
  readonly update: (row: SearchAlertRow) => Promise<boolean>
  /** With everything that waited. */
  readonly remove: (id: string) => Promise<void>
  /** Ids that were not there before: an exchange matches an alert once, whatever happens. */
  readonly match: (
    alert: string,
    exchanges: readonly ExchangeId[],
    isMuted: boolean,
    atMs: number,
  ) => Promise<readonly ExchangeId[]>
  /** Makes one batch of all that waits; null when nothing does. A batch that was not delivered comes first. */
  readonly batch: (alert: string, batchId: string) => Promise<AlertBatch | null>
  readonly told: (batchId: string, state: 'sent' | 'dead') => Promise<void>
  /** How far the index has been read. */
  readonly place: () => Promise<{ readonly seq: number; readonly id: string } | null>
  readonly setPlace: (place: { readonly seq: number; readonly id: string }) => Promise<void>
  /** Forgets what was told before. */
  readonly forget: (beforeMs: number) => Promise<void>
}
