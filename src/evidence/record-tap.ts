/** Whom the recorder tells what became durable, in the order of its frames, as it was before it was sealed. */
import type { InstanceId } from '../lib/ids.ts'
import type { AnswerHead, EvidenceEvent, FrameAddress, OpeningFacts } from '../model/record.ts'
import type { BodyPart } from './body-parts.ts'
import type { BlockDraft, PreparedBody } from './body-store.ts'
import type { FrameDraft } from './journal.ts'

export interface TappedAnswer {
  readonly head: AnswerHead
  /** Everything that was recorded of it. */
  readonly chunks: readonly Buffer[]
}

/** Its calls come in the middle of the recorder's work: they copy what they keep, and never throw. */
export interface RecordTap {
  /** Before anything else: what follows is of this instance, from its beginning. */
  readonly begin: (instance: InstanceId) => void
  /** `parts` is null where no opening stands behind the blocks. The bytes are the recorder's own. */
  readonly opened: (
    facts: OpeningFacts,
    blocks: readonly BlockDraft[],
    parts: readonly BodyPart[] | null,
  ) => void
  /** `answer` is null where it was not kept, or the body was streamed: the closing says where the record has them. */
  readonly closed: (facts: OpeningFacts, answer: TappedAnswer | null, closing: FrameAddress) => void
  readonly event: (event: EvidenceEvent) => void
  /** Everything before this place was told. */
  readonly advance: (segment: number, offset: number) => void
  /** May so many more bytes of an answer be kept until its exchange is closed? `release` gives them back. */
  readonly keep: (bytes: number) => boolean
  readonly release: (bytes: number) => void
}

/** Of an opening that was withdrawn in time only blocks are there. */
export function tellOpening(
  tap: RecordTap,
  facts: OpeningFacts,
  durable: {
    readonly opening: FrameDraft
    readonly blocks: readonly BlockDraft[]
    readonly body: PreparedBody | null
  },
): void {
  const { opening, blocks, body } = durable
  const parts = opening.address === null ? null : (body?.body.parts ?? [])
  tap.opened(
    facts,
    blocks.filter(({ draft }) => draft.address !== null),
    parts,
  )
}

export const silentTap: RecordTap = {
  begin: () => {},
  opened: () => {},
  closed: () => {},
  event: () => {},
  advance: () => {},
  keep: () => false,
  release: () => {},
}
