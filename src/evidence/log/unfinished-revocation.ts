/** Finds a revocation whose note was written when its leaf was not: the process ended between the two. */
import { hash } from 'node:crypto'
import { openRevocation } from './log-keys.ts'
import type { NoteKey } from './note-key.ts'
import { TileReader } from './tile-reader.ts'
import { TILE_WIDTH, type TileStore } from './tiles.ts'

/**
 * The last note, when the key in use signed it and no leaf speaks of it. Of a note by an older key nothing is made: who
 * stole that key may have put it there, and a verifier names it.
 */
export async function unfinishedRevocation(
  store: Pick<TileStore, 'read'>,
  size: number,
  signer: NoteKey,
): Promise<Buffer | null> {
  const last = await lastNote(store)
  const revocation = last === null ? null : openRevocation(last, [signer])
  if (last === null || revocation === null) return null
  const digest = Buffer.from(hash('sha256', last, 'hex'))
  const reader = new TileReader(store, size)
  // The leaf, if there is one, stands behind the size that the note names.
  const from = Math.floor(Math.min(revocation.size, size) / TILE_WIDTH)
  for (let bundle = from; bundle * TILE_WIDTH < size; bundle += 1) {
    const entries = (await reader.entries(bundle)) ?? []
    if (entries.some((entry) => entry.includes(digest))) return null
  }
  return last
}

async function lastNote(store: Pick<TileStore, 'read'>): Promise<Buffer | null> {
  let last: Buffer | null = null
  for (let number = 1; ; number += 1) {
    const note = await store.read(`revocation.${number}`)
    if (note === null) return last
    last = note
  }
}
