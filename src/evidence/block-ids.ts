/** Content ids of blocks and lists: keyed, so that nobody without the tenant key can confirm a guess. */
import { hash } from 'node:crypto'

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
const LIST_KIND = 1
const NOTE_KIND = 2

/** Node hands a digest over as text in half the time that a buffer of its own takes. */
const digestText = (bytes: Buffer): string => hash('sha256', bytes, 'binary')

/**
 * Ids are remembered for long, and beside each other: one that lay in Node's common pool would keep eight kilobytes of what
 * else was in it.
 */
const ROOM_IDS = 256
let room = Buffer.alloc(0)
let roomAt = 0

function idOf(digest: string): Buffer {
  if (roomAt === room.length) {
    room = Buffer.allocUnsafeSlow(ROOM_IDS * DIGEST_BYTES)
    roomAt = 0
  }
  const id = room.subarray(roomAt, roomAt + DIGEST_BYTES)
  roomAt += id.write(digest, 'latin1')
  return id
}

/**
 * HMAC-SHA-256 (RFC 2104) from two one-shot hashes. `createHmac` leaves a native object behind for each id, which
 * costs the garbage collector more than the hashing costs; `bodies.test.ts` compares the two.
 */
export class BlockKey {
  readonly #inner = Buffer.alloc(BLOCK_BYTES + 1 + DIGEST_BYTES, 0x36)
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c)

  /** `key` has at most 64 bytes. */
  constructor(key: Buffer) {
    if (key.length > BLOCK_BYTES) throw new Error('the block key is longer than a hash block')
    for (const [at, byte] of key.entries()) {
      this.#inner[at] = byte ^ 0x36
      this.#outer[at] = byte ^ 0x5c
    }
  }

  /** HMAC over the digest (one character a byte); with a kind byte before it when there is one. */
  authenticate(digest: string, kind: number | null): Buffer {
    const at = kind === null ? BLOCK_BYTES : BLOCK_BYTES + 1
    if (kind !== null) this.#inner[BLOCK_BYTES] = kind
    this.#inner.write(digest, at, 'latin1')
    this.#outer.write(digestText(this.#inner.subarray(0, at + DIGEST_BYTES)), BLOCK_BYTES, 'latin1')
    return idOf(digestText(this.#outer))
  }
}

/** For blocks the kind byte is left out: the id is HMAC-SHA-256(key, SHA-256(bytes)). */
export function blockId(key: BlockKey, bytes: Buffer): Buffer {
  return blockIdOf(key, digestText(bytes))
}

/** `digest` is the SHA-256 of the bytes, one character a byte. */
export function blockIdOf(key: BlockKey, digest: string): Buffer {
  return key.authenticate(digest, null)
}

export function listId(key: BlockKey, encoded: Buffer): Buffer {
  return key.authenticate(digestText(encoded), LIST_KIND)
}

/** In hexadecimal: that a note of this gateway's own, which holds no content, was written by nobody else. */
export function noteMac(key: BlockKey, text: string): string {
  return key.authenticate(digestText(Buffer.from(text)), NOTE_KIND).toString('hex')
}
