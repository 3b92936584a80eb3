/** Hands out random 32-byte keys from a pool, because asking the system for each one costs more than using it. */
import { randomFillSync } from 'node:crypto'

const KEY_BYTES = 32
const POOL_KEYS = 512
const pool = Buffer.alloc(KEY_BYTES * POOL_KEYS)
let at = pool.length

/** Fills `target` (32 bytes) with a fresh key and wipes it from the pool, so that no key is handed out twice. */
export function fillKey(target: Buffer): void {
  if (at === pool.length) {
    randomFillSync(pool)
    at = 0
  }
  pool.copy(target, 0, at, at + KEY_BYTES)
  pool.fill(0, at, at + KEY_BYTES)
  at += KEY_BYTES
}
