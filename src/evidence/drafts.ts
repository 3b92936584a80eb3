/** Makes frame drafts out of plain payloads. */
import type { FrameContent } from './epoch-keys.ts'
import { packContent } from './epoch-keys.ts'
import type { FrameDraft } from './journal.ts'
import type { FrameType } from './segment-format.ts'

export function contentOf(
  type: FrameType,
  record: string,
  plain: Buffer,
  blockId: Buffer | null = null,
): FrameContent {
  return { type, record, blockId, plainLength: plain.length, ...packContent(type, plain) }
}

/** A draft whose content never changes. */
export function draftOf(content: FrameContent): FrameDraft {
  return { content: () => content, address: null, length: 0 }
}

/** Frees the content of frames that are durable. */
export function letGo(drafts: readonly FrameDraft[]): void {
  for (const draft of drafts) draft.content = spent
}

function spent(): FrameContent {
  throw new Error('a frame that is durable was asked for its content')
}

export const lengthOf = (drafts: readonly FrameDraft[]): number =>
  drafts.reduce((sum, draft) => sum + draft.length, 0)
