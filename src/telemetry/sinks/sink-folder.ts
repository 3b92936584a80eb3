/** What a sink keeps on disk: how far it came, and the events that its receiver will never take. */
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isMissing } from '../../lib/error-code.ts'
import { openDeadLetterFile } from './dead-letter-file.ts'
import type { DeadLetterFile } from './dead-letter-file.ts'

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

export interface SinkFolder {
  readonly place: () => Promise<SinkPlace | null>
  readonly keepPlace: (place: SinkPlace) => Promise<void>
  readonly dead: DeadLetterFile
}

export async function openSinkFolder(folder: string): Promise<SinkFolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const placeFile = join(folder, 'place.json')
  return {
    place: async () => {
      const text = await readFile(placeFile, 'utf8').catch(nullWhereMissing)
      return text === null ? null : Place.parse(JSON.parse(text))
    },
    keepPlace: async (place) => {
      await write(`${placeFile}.new`, JSON.stringify(place))
      await rename(`${placeFile}.new`, placeFile)
    },
    dead: await openDeadLetterFile(join(folder, 'dead.jsonl')),
  }
}

/** A disk that fails is no new sink: one that began anew would leave out what its receiver was not sent yet. */
function nullWhereMissing(error: unknown): null {
  if (isMissing(error)) return null
  throw error
}

async function write(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w', 0o600)
  await file.writeFile(text)
  await file.datasync()
}
