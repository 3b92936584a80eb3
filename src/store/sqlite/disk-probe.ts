/** Asks whether the disk takes writes before this thread writes itself: a call that hangs would stop the event loop with it. */
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { withDeadline } from '../../lib/with-deadline.ts'

const GIVE_UP_MS = 3_000
const BYTE = Buffer.alloc(1)

export interface DiskProbe extends AsyncDisposable {
  /** Resolves when a byte was written beside the database. Throws when the disk refuses it or says nothing for three seconds. */
  readonly writable: () => Promise<void>
}

interface Question {
  readonly answered: Promise<void>
  readonly sinceMs: number
}

/** One question at a time, in the thread pool: a disk that hangs takes one thread of it, however many ask. */
export function createDiskProbe(folder: string): DiskProbe {
  let file: FileHandle | null = null
  let asked: Question | null = null
  const write = async (): Promise<void> => {
    file ??= await openNameless(join(folder, `probe-${process.pid}`))
    await file.write(BYTE, 0, 1, 0)
  }
  const ask = (): Question => {
    const answered = write().finally(() => {
      asked = null
    })
    return { answered, sinceMs: performance.now() }
  }
  return {
    writable: async () => {
      asked ??= ask()
      const { answered, sinceMs } = asked
      // Whoever comes later waits for what is left of it: of a disk that hangs they learn at once.
      const leftMs = Math.max(0, sinceMs + GIVE_UP_MS - performance.now())
      await withDeadline(answered, leftMs, 'a byte for the data folder')
    },
    [Symbol.asyncDispose]: async () => {
      await file?.close()
    },
  }
}

/** The file has no name any more: nothing of it stays behind, however the process ends. */
async function openNameless(path: string): Promise<FileHandle> {
  const file = await open(path, 'w', 0o600)
  await unlink(path)
  return file
}
