/** What a sink keeps on disk: how far it came, and the events that its receiver will never take. */
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Sent } from './sender.ts'
import { jsonLine } from './formats.ts'
import type { SinkEvent } from './sink-event.ts'

const Place = z.object({
  /** In the changes of the index. */
  exchanges: z.object({
    seq: z.number(),
    id: z.string(),
    endedAtMs: z.number(),
    /** What ended before was sent before the index was built again. */
    floorMs: z.number(),
  }),
  /** In the segments. */
  events: z.object({ instance: z.string(), segment: z.number(), offset: z.number() }),
})
export type SinkPlace = Readonly<z.infer<typeof Place>>

/** Nothing is thrown away: with a full list of dead letters the sink waits for a person. */
const DEAD_BYTES_MAX = 64 * 1024 * 1024

export interface SinkFolder {
  readonly place: () => Promise<SinkPlace | null>
  readonly keepPlace: (place: SinkPlace) => Promise<void>
  /** False when there is no room. */
  readonly bury: (event: SinkEvent, sent: Sent & { readonly kind: 'refused' }) => Promise<boolean>
  readonly deadLetters: () => Promise<number>
}

export async function openSinkFolder(folder: string): Promise<SinkFolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const placeFile = join(folder, 'place.json')
  const deadFile = join(folder, 'dead.jsonl')
  return {
    place: async () => {
      const text = await readFile(placeFile, 'utf8').catch(() => null)
      return text === null ? null : Place.parse(JSON.parse(text))
    },
    keepPlace: async (place) => {
      await append(`${placeFile}.new`, JSON.stringify(place), 'w')
      await rename(`${placeFile}.new`, placeFile)
    },
    bury: async (event, { reason }) => {
      const size = await stat(deadFile).then(
        (found) => found.size,
        () => 0,
      )
      if (size > DEAD_BYTES_MAX) return false
      await append(deadFile, `${jsonLine({ reason, event })}\n`, 'a')
      return true
    },
    deadLetters: async () => {
      const bytes = await readFile(deadFile).catch(() => Buffer.alloc(0))
      return bytes.reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 0)
    },
  }
}

async function append(path: string, text: string, how: 'a' | 'w'): Promise<void> {
  await using file = await open(path, how, 0o600)
  await file.writeFile(text)
  await file.datasync()
}
