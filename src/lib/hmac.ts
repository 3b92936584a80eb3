/** HMAC-SHA-256 of texts, made of two one-shot hashes: a native object for each would cost more than the hashing. */
import { hash } from 'node:crypto'

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32

/** RFC 2104; `key` has at most 64 bytes. The answer is in hexadecimal. */
export function createTextHmac(key: Buffer): (text: string) => string {
  if (key.length > BLOCK_BYTES) throw new Error('the key is longer than a hash block')
  const inner = Buffer.alloc(BLOCK_BYTES, 0x36)
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c)
  for (const [at, byte] of key.entries()) {
    inner[at] = byte ^ 0x36
    outer[at] = byte ^ 0x5c
  }
  return (text) => {
    const message = Buffer.allocUnsafe(BLOCK_BYTES + Buffer.byteLength(text))
    inner.copy(message)
    message.write(text, BLOCK_BYTES)
    outer.write(hash('sha256', message, 'binary'), BLOCK_BYTES, 'latin1')
    return hash('sha256', outer, 'hex')
  }
}

const known = new WeakMap<Buffer, (text: string) => string>()

/** The one of a key that lives long: made once for each. */
export function textHmacOf(key: Buffer): (text: string) => string {
  let hmac = known.get(key)
  if (hmac === undefined) {
    hmac = createTextHmac(key)
    known.set(key, hmac)
  }
  return hmac
}
