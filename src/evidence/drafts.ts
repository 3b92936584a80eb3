/** Makes frame drafts out of plain payloads. */
import { hash } from 'node:crypto'
import type { FrameContent } from './epoch-keys.ts'
import { packContent } from './epoch-keys.ts'
import type { FrameDraft } from './journal.ts'
import type { FrameType } from './segment-format.ts'

/** The transparency log commits to the plain payload of these; they hold 32 random bytes (`packCommitted`). */
const COMMITTED: ReadonlySet<FrameType> = new Set(['opening', 'closing', 'refusal', 'event'])

export const commitmentOf = (plain: Buffer): string => hash('sha256', plain, 'hex')

export function contentOf(
  type: FrameType,
  record: string,
  plain: Buffer,
  blockId: Buffer | null = null,
): FrameContent {
  const commitment = COMMITTED.has(type) ? commitmentOf(plain) : ''
  const packed = packContent(plain)
  return { type, record, blockId, plainLength: plain.length, ...packed, commitment }
}

/** A draft whose content never changes. */
export function draftOf(content: FrameContent): FrameDraft {
  return { content: () => content, address: null, length: 0, digest: '', commitment: '' }
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
