/** A disk over the real one whose every call can be made to fail, to write half, or to hang. */
import { nodeDisk, type Disk, type DiskFile } from '../../src/evidence/disk.ts'

export type Fault = 'EIO' | 'ENOSPC' | 'hang' | 'torn'

export interface DiskCall {
  readonly name: string
  readonly path: string
  /** Counts the calls of this disk from 1. */
  readonly number: number
}

/** Disposed, it fails no more and lets go of what hangs: a test that fails must not wait for its own fault. */
export interface FaultyDisk extends Disposable {
  readonly disk: Disk
  readonly calls: readonly DiskCall[]
  /** Asked before each call. */
  decide: (call: DiskCall) => Fault | null
  /** Lets hanging calls go on. */
  readonly release: () => void
}

function errorOf(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}

export function faultyDisk(): FaultyDisk {
  const calls: DiskCall[] = []
  let waiting: (() => void)[] = []
  const faulty: FaultyDisk = {
    disk: nodeDisk,
    calls,
    decide: () => null,
    release: () => {
      const go = waiting
      waiting = []
      for (const resume of go) resume()
    },
    [Symbol.dispose]: () => {
      faulty.decide = () => null
      faulty.release()
    },
  }
  const run = async <T>(
    name: string,
    path: string,
    work: () => Promise<T>,
    half: (() => Promise<void>) | null = null,
  ): Promise<T> => {
    const call = { name, path, number: calls.length + 1 }
    calls.push(call)
    const fault = faulty.decide(call)
    if (fault === 'hang') await new Promise<void>((resolve) => waiting.push(resolve))
    if (fault === 'torn' && half !== null) await half()
    if (fault === 'torn') throw errorOf('EIO')
    if (fault === 'EIO' || fault === 'ENOSPC') throw errorOf(fault)
    return work()
  }
  const wrap = (file: DiskFile, path: string): DiskFile => ({
    write: (bytes, position) =>
      run(
        'write',
        path,
        () => file.write(bytes, position),
        () => file.write(bytes.subarray(0, bytes.length >> 1), position),
      ),
    // Split in two, so that a fault can hit the write as well as what makes it durable.
    writeDurably: async (bytes, position) => {
      await run(
        'write',
        path,
        () => file.write(bytes, position),
        () => file.write(bytes.subarray(0, bytes.length >> 1), position),
      )
      await run('fdatasync', path, () => file.fdatasync())
    },
    read: (position, length) => run('read', path, () => file.read(position, length)),
    fdatasync: () => run('fdatasync', path, () => file.fdatasync()),
    truncate: (length) => run('truncate', path, () => file.truncate(length)),
    size: () => run('size', path, () => file.size()),
    close: () => run('close', path, () => file.close()),
  })
  const disk: Disk = {
    makeFolder: (path) => run('makeFolder', path, () => nodeDisk.makeFolder(path)),
    create: async (path) => wrap(await run('create', path, () => nodeDisk.create(path)), path),
    openRead: async (path) =>
      wrap(await run('openRead', path, () => nodeDisk.openRead(path)), path),
    openWrite: async (path) =>
      wrap(await run('openWrite', path, () => nodeDisk.openWrite(path)), path),
    readWhole: (path) => run('readWhole', path, () => nodeDisk.readWhole(path)),
    exists: (path) => run('exists', path, () => nodeDisk.exists(path)),
    list: (path) => run('list', path, () => nodeDisk.list(path)),
    rename: (from, to) => run('rename', to, () => nodeDisk.rename(from, to)),
    remove: (path) => run('remove', path, () => nodeDisk.remove(path)),
    syncFolder: (path) => run('syncFolder', path, () => nodeDisk.syncFolder(path)),
    freeBytes: (path) => run('freeBytes', path, () => nodeDisk.freeBytes(path)),
  }
  return Object.assign(faulty, { disk })
}

/** The real disk without waiting for it: for tests that cut files themselves and need thousands of rounds. */
export const unsyncedDisk: Disk = {
  ...nodeDisk,
  create: async (path) => {
    const file = await nodeDisk.create(path)
    return { ...file, writeDurably: file.write, fdatasync: async () => {} }
  },
  syncFolder: async () => {},
}
