/** How the answer of a recorded exchange is read; the composition root gives the reader, because dialects are not ours to import. */
import type { RecordedExchange } from '../evidence/reader.ts'
import type { AnswerView } from '../model/dialect.ts'
import type { AnswerHead, OpeningFacts } from '../model/record.ts'

export interface ReadableAnswer {
  /** Decoded body, one piece for each recorded chunk that decodes. */
  readonly pieces: readonly Buffer[]
  /** Why it could not be decoded to its end; empty when it could. */
  readonly problem: string
  /** Puts the first bytes of the decoded body together; null when no dialect was known. */
  readonly read: (body: Buffer) => AnswerView | null
}

/** What tells which dialect an answer is written in. */
export interface AnsweredFacts extends Pick<
  OpeningFacts,
  'dialect' | 'surface' | 'stream' | 'upstream'
> {
  readonly received: Pick<OpeningFacts['received'], 'method' | 'target'>
  readonly sent: Pick<NonNullable<OpeningFacts['sent']>, 'method' | 'target'> | null
}

export interface Answered extends Pick<RecordedExchange, 'answerChunks'> {
  readonly facts: AnsweredFacts
  readonly answerHead: Pick<AnswerHead, 'headers'> | null
}

export type AnswerReading = (exchange: Answered) => Promise<ReadableAnswer>
