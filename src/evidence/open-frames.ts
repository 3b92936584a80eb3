/** Notes from time to time where the frames of exchanges that are still open lie: recovery then reads nothing before the note. */
import { join } from 'node:path'
import type { InstanceId } from '../lib/ids.ts'
import { noteMac, type BlockKey } from './block-ids.ts'
import type { Disk } from './disk.ts'
import type { Place } from './index-feed.ts'
import { instanceFolder } from './segment-scan.ts'

export type FramePlace = readonly [segment: number, offset: number]

/** Only an aid: where it is missing, damaged or old, recovery reads the segments. */
export interface OpenFrames {
  /** Only of frames before this place. */
  readonly place: Place
  /** Of exchanges that were open then, the frames of their streams, in order. */
  readonly exchanges: Readonly<Record<string, readonly FramePlace[]>>
}

export interface OpenExchange {
  readonly id: string
  readonly framesBefore: (place: Place) => readonly FramePlace[]
}

const NAME = 'open-frames'
/** The loop goes on between so many exchanges. */
const SLICE = 16
/** There is a new note after so much, and in each segment. */
const EVERY_BYTES = 32 * 1024 * 1024
/** Of one note: exchanges that have more are found by reading on from their opening. */
const FRAMES_MAX = 50_000

const pathOf = (folder: string, instance: InstanceId): string =>
  join(instanceFolder(folder, instance), NAME)

export class OpenFramesFile {
  readonly #disk: Disk
  readonly #path: string
  readonly #key: BlockKey
  #writing: Promise<void> | null = null
  #noted: Place = { segment: 1, offset: 0 }

  constructor(disk: Disk, folder: string, instance: InstanceId, key: BlockKey) {
    this.#disk = disk
    this.#key = key
    this.#path = pathOf(folder, instance)
  }

  /** Call when everything before a place is durable. Never fails: without a note recovery takes longer. */
  advance(segment: number, offset: number, open: Iterable<OpenExchange>): void {
    const isDue = segment !== this.#noted.segment || offset - this.#noted.offset >= EVERY_BYTES
    if (!isDue || this.#writing !== null) return
    this.#noted = { segment, offset }
    this.#writing = this.#write(this.#noted, [...open])
      .catch(() => {})
      .finally(() => {
        this.#writing = null
      })
  }

  /** Nothing is open any more. */
  async close(): Promise<void> {
    await this.#writing
    await this.#disk.remove(this.#path).catch(() => {})
  }

  async #write(place: Place, open: readonly OpenExchange[]): Promise<void> {
    const parts: string[] = []
    let noted = 0
    for (const [at, { id, framesBefore }] of open.entries()) {
      if (at % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve))
      const frames = framesBefore(place)
      if (noted + frames.length > FRAMES_MAX) continue
      noted += frames.length
      parts.push(`${JSON.stringify(id)}:${JSON.stringify(frames)}`)
    }
    const text = `{"place":${JSON.stringify(place)},"exchanges":{${parts.join(',')}}}`
    const draft = `${this.#path}.${place.segment}-${place.offset}`
    const file = await this.#disk.create(draft)
    try {
      await file.writeDurably(Buffer.from(`${noteMac(this.#key, text)}\n${text}`), 0)
    } finally {
      await file.close()
    }
    await this.#disk.rename(draft, this.#path)
  }
}

/**
 * Null where there is none, or one that was not written whole. Threat: who may write the disk and has no key leaves frames out of
 * a note, and the record would be closed without them.
 */
export async function readOpenFrames(
  disk: Disk,
  folder: string,
  instance: InstanceId,
  openKey: () => Promise<BlockKey>,
): Promise<OpenFrames | null> {
  const path = pathOf(folder, instance)
  if (!(await disk.exists(path))) return null
  const [mac, text] = (await disk.readWhole(path)).toString('utf8').split('\n')
  if (text === undefined || noteMac(await openKey(), text) !== mac) return null
  return JSON.parse(text)
}

export async function removeOpenFrames(
  disk: Disk,
  folder: string,
  instance: InstanceId,
): Promise<void> {
  const names = await disk.list(instanceFolder(folder, instance))
  for (const name of names.filter((one) => one === NAME || one.startsWith(`${NAME}.`)))
    await disk.remove(join(instanceFolder(folder, instance), name))
}
