/** Tells for the price of one read that nobody wrote to a database since it was last asked. */
import { readdirSync, readlinkSync, readSync, realpathSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

/** Both copies of the header of the WAL index (sqlite.org/walformat.html, 2.1): each commit changes it. */
const HEADER_BYTES = 96
const FDS = '/proc/self/fd'
/** Local file systems of Linux on which a read sees at once what is written through a mapping: ext, XFS, Btrfs, tmpfs, overlay. */
const COHERENT: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630,
])

export interface WalMark {
  /** True when there may have been a commit, by any connection of any process, since the last call; at first always. */
  readonly hasMoved: () => boolean
}

const unknowing: WalMark = { hasMoved: () => true }

/**
 * SQLite finds out about commits of others by comparing the same bytes, behind locks and a statement that cost fifteen
 * microseconds. `path` is of a database that is open in WAL mode, and asked only as long as it is.
 */
export function openWalMark(path: string): WalMark {
  if (process.platform !== 'linux' || !COHERENT.has(statfsSync(path).type)) return unknowing
  const fd = descriptorOf(`${realpathSync(path)}-shm`)
  if (fd === null) return unknowing
  let now = Buffer.alloc(HEADER_BYTES)
  let before = Buffer.alloc(HEADER_BYTES)
  let isFirst = true
  return {
    hasMoved: () => {
      const read = readSync(fd, now, 0, HEADER_BYTES, 0)
      const moved = isFirst || read < HEADER_BYTES || !now.equals(before)
      isFirst = false
      const last = before
      before = now
      now = last
      return moved
    },
  }
}

/**
 * SQLite's own. Threat: a second one that is opened and closed again would drop the locks that SQLite holds on the file (fcntl(2)),
 * and another process could then write into what it reads.
 */
function descriptorOf(path: string): number | null {
  for (const name of readdirSync(FDS)) {
    try {
      if (readlinkSync(join(FDS, name)) === path) return Number(name)
    } catch {
      // The one that the folder itself was read with.
    }
  }
  return null
}
