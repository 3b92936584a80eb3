/** What the recorder's thread hands to the indexer's: texts in one piece of memory, and what they are as JSON. */
import type { InstanceId } from '../../lib/ids.ts'
import type { AnsweredFacts } from '../answer-reading.ts'
import type { HeaderList } from '../../model/record.ts'

export interface FedPlace {
  readonly segment: number
  readonly offset: number
}

export interface FedBatch {
  readonly instance: InstanceId
  /** The batch speaks of everything that is durable between these places, and of nothing else. */
  readonly from: FedPlace
  readonly to: FedPlace
  /** One `FedEntry` a line, in the order of the record. */
  readonly entries: string
  /** The texts of the entries, one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Ids of blocks and lists are cut to what `blockDocument` reads. */
export type FedEntry =
  | {
      readonly kind: 'opened'
      readonly exchange: string
      readonly retentionClass: string
      readonly encoding: string | null
      readonly blocks: readonly (readonly [id: string, bytes: number])[]
      readonly lists: readonly (readonly [id: string, children: readonly string[]])[]
      /** What the request consists of. */
      readonly holds: readonly string[]
    }
  | {
      readonly kind: 'answered'
      readonly exchange: string
      readonly retentionClass: string
      readonly facts: AnsweredFacts
      readonly headers: HeaderList
      readonly bytes: number
    }
  /** Its answer, and its streamed body, are read from the record. */
  | {
      readonly kind: 'closed'
      readonly exchange: string
      readonly segment: number
      readonly offset: number
    }
  | { readonly kind: 'erased'; readonly exchanges: readonly string[] }
