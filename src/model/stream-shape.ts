/** Where the streamed text of a dialect stands in its events, which channel it continues, and what ends a channel. */
import type { JsonTape, NodeRef } from '../lib/json/tape.ts'

/** A text that continues a channel. */
export interface StreamedText {
  readonly node: NodeRef
  /** `<group> <kind>`; a group ends as a whole. */
  readonly group: string
  readonly kind: string
  /** Fragments of JSON, not of text. */
  readonly isJson: boolean
  /** The provider verifies it on the next turn. */
  readonly isSigned: boolean
  readonly tool: string
}

export interface EventReading {
  readonly texts: readonly StreamedText[]
  /** Groups that this event ends. */
  readonly ends: readonly string[] | 'all'
  /** Values that repeat the text in another form. */
  readonly strips: readonly NodeRef[]
  /** False when nothing is known of events of this kind. */
  readonly isKnown: boolean
  readonly reasoning: ReasoningReading
  /** Places of citations: offsets that point into a text. */
  readonly spans: readonly TextSpan[]
}

/** How a provider counts places in text. */
export type OffsetUnit = 'code-point' | 'byte' | 'unit'

/** Nodes are -1 where there is none. */
export interface TextSpan {
  /** Into a channel of the answer, or into a document of the request (counted from 0). */
  readonly into: { readonly group: string; readonly kind: string } | { readonly document: number }
  readonly start: NodeRef
  readonly end: NodeRef
  /** Repeats what stands there. */
  readonly quote: NodeRef
}

/** What an event has of reasoning that the provider signed or encrypted. */
export interface ReasoningReading {
  /** The whole event belongs to it. */
  readonly isWhole: boolean
  /** Elements and members that hold it among other things. */
  readonly parts: readonly NodeRef[]
  /** Numbers that count blocks, and what they are when blocks of reasoning are not counted. */
  readonly places: readonly { readonly node: NodeRef; readonly without: number }[]
  /** True where something is encrypted: nobody can look into it. */
  readonly isSealed: boolean
}

/** Its name goes where the framing has one: the `event:` field, or the event type of a binary message. */
export interface FlushEvent {
  readonly name: string
  readonly data: unknown
}

/** Whether blocks of reasoning count where blocks are numbered. */
export type BlockCount = 'all' | 'without-reasoning'

/** Reads the events of one answer; a fresh one for each. */
export interface StreamShape {
  /** `name`: what the framing calls the event; empty where it calls it nothing. */
  readonly read: (tape: JsonTape, name: string) => EventReading
  /** An event that carries the last of a channel's text; its name is empty for none. */
  readonly flush: (group: string, kind: string, text: string, counting: BlockCount) => FlushEvent
  /** How offsets into the texts of the answer count; null where none are sent. */
  readonly offsets: OffsetUnit | null
  /** How a text that stands under `key` repeats a channel; null when it repeats none. */
  readonly repeats: (key: string) => 'text' | 'json' | null
}
