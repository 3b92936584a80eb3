/** Content ids of blocks and lists: keyed, so that nobody without the tenant key can confirm a guess. */
import { createHmac, hash, type KeyObject } from 'node:crypto'

/** HMAC-SHA-256 over one kind byte and the SHA-256 of the bytes. */
function contentId(key: KeyObject, kind: number, bytes: Buffer): Buffer {
  const digest = hash('sha256', bytes, 'buffer')
  return createHmac('sha256', key).update(Uint8Array.of(kind)).update(digest).digest()
}

/** For blocks the kind byte is left out: the id is HMAC-SHA-256(key, SHA-256(bytes)). */
export function blockId(key: KeyObject, bytes: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(hash('sha256', bytes, 'buffer'))
    .digest()
}

const LIST_KIND = 1

export function listId(key: KeyObject, encoded: Buffer): Buffer {
  return contentId(key, LIST_KIND, encoded)
}
