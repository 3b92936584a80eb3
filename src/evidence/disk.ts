/** Every file call of evidence goes through this small interface, so that tests can make any of them fail. */
import fs from 'node:fs'
import { access, mkdir, open, readdir, rename, statfs, unlink } from 'node:fs/promises'
import { isMissing } from '../lib/error-code.ts'

export interface DiskFile {
  /** Writes all of `bytes` at `position`. */
  readonly write: (bytes: Buffer, position: number) => Promise<void>
  /** Reads up to `length` bytes; fewer only at the end of the file. They may be put into `into` when it is long enough. */
  readonly read: (position: number, length: number, into?: Buffer) => Promise<Buffer>
  /** Writes all of `bytes` and resolves when they are durable. Files that were created only. */
  readonly writeDurably: (bytes: Buffer, position: number) => Promise<void>
  readonly fdatasync: () => Promise<void>
  readonly truncate: (length: number) => Promise<void>
  readonly size: () => Promise<number>
  readonly close: () => Promise<void>
}

export interface Disk {
  /** Makes folders up to `path`, mode 0700. */
  readonly makeFolder: (path: string) => Promise<void>
  /** Fails when the file exists. Mode 0600. */
  readonly create: (path: string) => Promise<DiskFile>
  readonly openRead: (path: string) => Promise<DiskFile>
  readonly openWrite: (path: string) => Promise<DiskFile>
  readonly readWhole: (path: string) => Promise<Buffer>
  readonly exists: (path: string) => Promise<boolean>
  /** Names in the folder, sorted; empty when there is no such folder. */
  readonly list: (path: string) => Promise<readonly string[]>
  readonly rename: (from: string, to: string) => Promise<void>
  readonly remove: (path: string) => Promise<void>
  /** Makes names in the folder durable. */
  readonly syncFolder: (path: string) => Promise<void>
  readonly freeBytes: (path: string) => Promise<number>
}

function settle(resolve: () => void, reject: (error: Error) => void) {
  return (error: Error | null) => (error === null ? resolve() : reject(error))
}

function writeAll(fd: number, bytes: Buffer, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const step = (done: number): void => {
      fs.write(fd, bytes, done, bytes.length - done, position + done, (error, written) => {
        if (error !== null) reject(error)
        else if (done + written >= bytes.length) resolve()
        // A short write is not an error; a write of nothing would loop for ever.
        else if (written === 0) reject(new Error('the disk accepted no bytes'))
        else step(done + written)
      })
    }
    step(0)
  })
}

function readUpTo(fd: number, position: number, length: number, into?: Buffer): Promise<Buffer> {
  const isEnough = into !== undefined && into.length >= length
  const bytes = isEnough ? into.subarray(0, length) : Buffer.allocUnsafe(length)
  return new Promise((resolve, reject) => {
    const step = (done: number): void => {
      if (done === length) return resolve(bytes)
      fs.read(fd, bytes, done, length - done, position + done, (error, count) => {
        if (error !== null) reject(error)
        else if (count === 0) resolve(bytes.subarray(0, done))
        else step(done + count)
      })
    }
    step(0)
  })
}

function syncData(fd: number): Promise<void> {
  return new Promise((resolve, reject) => fs.fdatasync(fd, settle(resolve, reject)))
}

/** `durableFd`: the same file opened with O_DSYNC; null where the system has no such flag that means the disk. */
function fileOf(fd: number, durableFd: number | null = null): DiskFile {
  return {
    write: (bytes, position) => writeAll(fd, bytes, position),
    writeDurably: async (bytes, position) => {
      await writeAll(durableFd ?? fd, bytes, position)
      if (durableFd === null) await syncData(fd)
    },
    read: (position, length, into) => readUpTo(fd, position, length, into),
    fdatasync: () => syncData(fd),
    truncate: (length) =>
      new Promise((resolve, reject) => fs.ftruncate(fd, length, settle(resolve, reject))),
    size: () =>
      new Promise((resolve, reject) =>
        fs.fstat(fd, (error, stat) => (error === null ? resolve(stat.size) : reject(error))),
      ),
    close: async () => {
      await closeFd(fd)
      if (durableFd !== null) await closeFd(durableFd)
    },
  }
}

function closeFd(fd: number): Promise<void> {
  return new Promise((resolve, reject) => fs.close(fd, settle(resolve, reject)))
}

function openFd(path: string, flags: string | number): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.open(path, flags, 0o600, (error, fd) => (error === null ? resolve(fd) : reject(error))),
  )
}

const openFile = async (path: string, flags: string): Promise<DiskFile> =>
  fileOf(await openFd(path, flags))

/**
 * On Linux a write to an O_DSYNC descriptor is a write and its fdatasync in one call (open(2)): one trip to the thread
 * pool and back instead of two. On macOS the flag does not reach the platter, so there the two calls stay.
 */
async function createFile(path: string): Promise<DiskFile> {
  const fd = await openFd(path, 'wx+')
  if (process.platform !== 'linux') return fileOf(fd)
  try {
    return fileOf(fd, await openFd(path, fs.constants.O_WRONLY | fs.constants.O_DSYNC))
  } catch (error) {
    await closeFd(fd)
    throw error
  }
}

async function listFolder(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).sort()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** By callbacks: a handle for each of many small files costs more than reading them. */
const readWhole = (path: string): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    fs.readFile(path, (error, bytes) => (error === null ? resolve(bytes) : reject(error))),
  )

export const nodeDisk: Disk = {
  makeFolder: async (path) => void (await mkdir(path, { recursive: true, mode: 0o700 })),
  create: createFile,
  openRead: (path) => openFile(path, 'r'),
  openWrite: (path) => openFile(path, 'r+'),
  readWhole,
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  list: listFolder,
  rename: (from, to) => rename(from, to),
  remove: (path) => unlink(path),
  syncFolder: async (path) => {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },
  freeBytes: async (path) => {
    const stat = await statfs(path)
    return stat.bavail * stat.bsize
  },
}
