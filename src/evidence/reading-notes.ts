/** Readings of a data folder by other processes: each leaves a durable note, which the writer of evidence makes an event of. */
import { join } from 'node:path'
import { isMissing } from '../lib/error-code.ts'
import { newEventId } from '../lib/ids.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { Disk } from './disk.ts'
import { writeOnce } from './key-provider.ts'
import { isRecordId } from './log/leaf.ts'

const FOLDER = 'reads'
/** Taken in one turn; more wait for the next. */
const TAKEN_MAX = 1000
const RECORDS_MAX = 1000

/** Only readings come this way: nobody makes another event by writing a file. */
const TYPES = ['evidence.read', 'trace.searched'] as const
export type ReadingType = (typeof TYPES)[number]
export type Reading = Omit<EvidenceEvent, 'type'> & { readonly type: ReadingType }

export const readingsFolder = (folder: string): string => join(folder, FOLDER)

/** Durable when it resolves: only then may anything be shown. */
export async function leaveReading(disk: Disk, folder: string, reading: Reading): Promise<void> {
  const notes = readingsFolder(folder)
  await disk.makeFolder(notes)
  await disk.syncFolder(folder)
  const path = join(notes, `${newEventId(reading.atMs)}.json`)
  await writeOnce(disk, path, Buffer.from(`${JSON.stringify(reading)}\n`))
}

/**
 * Makes an event of each note and takes the note away, oldest first. A crash in between makes the same event twice: a reading
 * may be told more than once, never not at all. Returns how many were taken.
 */
export async function takeReadings(
  disk: Disk,
  folder: string,
  note: (event: EvidenceEvent) => Promise<void>,
): Promise<number> {
  const notes = readingsFolder(folder)
  const names = (await disk.list(notes)).filter((name) => name.endsWith('.json'))
  for (const name of names.slice(0, TAKEN_MAX)) {
    const path = join(notes, name)
    const bytes = await disk.readWhole(path).catch((error: unknown) => {
      if (isMissing(error)) return null
      throw error
    })
    if (bytes === null) continue
    await note(readNote(bytes))
    await disk.remove(path)
  }
  return Math.min(names.length, TAKEN_MAX)
}

const isType = (value: unknown): value is ReadingType => TYPES.some((type) => type === value)

/** What cannot be understood was left by somebody all the same, and that is said. */
function readNote(bytes: Buffer): EvidenceEvent {
  const unknown: EvidenceEvent = {
    type: 'evidence.read',
    atMs: 0,
    actor: '',
    details: { operation: 'unknown', malformed: true, bytes: bytes.length },
  }
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    return unknown
  }
  if (typeof value !== 'object' || value === null) return unknown
  if (!('type' in value) || !isType(value.type)) return unknown
  if (!('atMs' in value) || !Number.isSafeInteger(value.atMs)) return unknown
  if (!('details' in value) || typeof value.details !== 'object') return unknown
  const details = Object.entries(value.details ?? {}).filter(
    (entry): entry is [string, string | number | boolean | null] =>
      ['string', 'number', 'boolean'].includes(typeof entry[1]) || entry[1] === null,
  )
  const records = 'records' in value && Array.isArray(value.records) ? value.records : []
  return {
    type: value.type,
    atMs: Number(value.atMs),
    actor: 'actor' in value ? String(value.actor).slice(0, 200) : '',
    details: Object.fromEntries(details.slice(0, 50)),
    records: records
      .filter((id): id is string => typeof id === 'string' && isRecordId(id))
      .slice(0, RECORDS_MAX),
  }
}
