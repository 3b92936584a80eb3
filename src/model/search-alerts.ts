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

/** A batch that was given up. */
export interface AlertLetter {
  readonly batch: string
  readonly alert: string
  readonly channel: string
  readonly attempts: number
  /** The last failure. */
  readonly error: string
  readonly sinceMs: number
}

export interface AlertLetterTable {
  /** Also what was asked for and failed again. */
  readonly giveUp: (letter: AlertLetter) => Promise<void>
  /** Those that wait for a person, newest first. */
  readonly list: (limit: number) => Promise<readonly AlertLetter[]>
  /** Those too that are to be sent again. */
  readonly count: () => Promise<number>
  /** They are to be sent once more; gives the ids of those that waited. */
  readonly ask: (batches: readonly string[], nowMs: number) => Promise<readonly string[]>
  /** Nobody is told; gives the ids of those that waited. */
  readonly drop: (batches: readonly string[]) => Promise<readonly string[]>
  /** Takes those asked for for one worker until `untilMs`: nobody else gets them before. */
  readonly take: (nowMs: number, untilMs: number) => Promise<readonly AlertLetter[]>
  readonly sent: (batch: string) => Promise<void>
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
  readonly sent: (batchId: string) => Promise<void>
  /** What a batch holds, oldest first. */
  readonly inBatch: (batchId: string) => Promise<readonly ExchangeId[]>
  /** How far the index has been read. */
  readonly place: () => Promise<{ readonly seq: number; readonly id: string } | null>
  readonly setPlace: (place: { readonly seq: number; readonly id: string }) => Promise<void>
  /** Forgets what was told before. */
  readonly forget: (beforeMs: number) => Promise<void>
  readonly letters: AlertLetterTable
}
