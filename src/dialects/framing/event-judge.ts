/** What can be said of one event of a streamed answer: whether it ends the stream, and whether it looks as if it did. */

/** `end` and `failed` both end the stream; `failed` means the provider reports an error by it. */
export type TerminalVerdict = 'no' | 'end' | 'failed'

/**
 * What a look at a whole event can say beyond that.
 * - `neutral`: an event without content; it does not show that the stream goes on
 * - `last`: it looks like the last one, and is held until an event with content shows that it was not
 * - `new-last`: the same, and its own content shows that an earlier one was not the last
 */
export type EventVerdict = TerminalVerdict | 'neutral' | 'last' | 'new-last'

/** Looks at the data of one event after the other. */
export interface EventJudge {
  readonly begin: () => void
  /** How many more data bytes it wants to see before it can decide; 0 when it has seen enough. */
  readonly wants: () => number
  readonly take: (chunk: Buffer, start: number, end: number) => void
  /** Asked when `wants()` reaches 0 and when the event is complete. */
  readonly verdict: (eventName: string) => EventVerdict
}
