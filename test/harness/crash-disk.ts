/** A disk in memory that forgets at a crash what was not synced: names, folders and bytes, also halves of them. */
import { basename, dirname } from 'node:path'
import type { Disk, DiskFile } from '../../src/evidence/disk.ts'

interface Write {
  readonly position: number
  readonly bytes: Buffer
}

class Inode {
  now: Buffer = Buffer.alloc(0)
  durable: Buffer = Buffer.alloc(0)
  unsynced: Write[] = []

  sync(): void {
    this.durable = Buffer.from(this.now)
    this.unsynced = []
  }
}

/** A folder's names: `null` in an operation takes the name away. */
class Folder {
  readonly now = new Map<string, Inode | Folder>()
  readonly durable = new Map<string, Inode | Folder>()
  /** Each operation is atomic, as a rename is; they become durable in order. */
  unsynced: (readonly (readonly [name: string, node: Inode | Folder | null])[])[] = []

  change(...operation: (readonly [string, Inode | Folder | null])[]): void {
    apply(this.now, operation)
    this.unsynced.push(operation)
  }

  sync(): void {
    for (const operation of this.unsynced) apply(this.durable, operation)
    this.unsynced = []
  }
}

function apply(
  names: Map<string, Inode | Folder>,
  operation: readonly (readonly [string, Inode | Folder | null])[],
): void {
  for (const [name, node] of operation) {
    if (node === null) names.delete(name)
    else names.set(name, node)
  }
}

function written(content: Buffer, { position, bytes }: Write): Buffer {
  const grown = Buffer.alloc(Math.max(content.length, position + bytes.length))
  content.copy(grown)
  bytes.copy(grown, position)
  return grown
}

export class PowerCut extends Error {
  override readonly name = 'PowerCut'
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
}

/** Random whole numbers below `bound`. */
export type Dice = (bound: number) => number

/** A small generator, so that a failing round can be played again from its seed. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

export class CrashDisk {
  #root = new Folder()
  #generation = 0
  #callsLeft = Infinity

  /** The power goes after this many more calls. */
  cutAfter(calls: number): void {
    this.#callsLeft = calls
  }

  /** What is on the disk when the power comes back: everything synced, and by chance parts of the rest. */
  crash(dice: Dice): void {
    this.#generation += 1
    this.#callsLeft = Infinity
    const seen = new Set<Inode | Folder>()
    const settle = (folder: Folder): void => {
      if (seen.has(folder)) return
      seen.add(folder)
      const kept = dice(folder.unsynced.length + 1)
      for (const operation of folder.unsynced.slice(0, kept)) apply(folder.durable, operation)
      folder.unsynced = []
      folder.now.clear()
      for (const [name, node] of folder.durable) {
        folder.now.set(name, node)
        if (node instanceof Folder) settle(node)
        else if (!seen.has(node)) this.#settleFile(node, dice, seen)
      }
    }
    settle(this.#root)
  }

  #settleFile(inode: Inode, dice: Dice, seen: Set<Inode | Folder>): void {
    seen.add(inode)
    for (const write of inode.unsynced) {
      const length = dice(3) === 0 ? write.bytes.length : dice(write.bytes.length + 1)
      // Space can be there without its bytes.
      const bytes = dice(4) === 0 ? Buffer.alloc(length) : write.bytes.subarray(0, length)
      if (dice(4) > 0) inode.durable = written(inode.durable, { ...write, bytes })
    }
    inode.now = Buffer.from(inode.durable)
    inode.unsynced = []
  }

  /** The disk as one process sees it: after a crash every call of an older view fails. */
  view(): Disk {
    const generation = this.#generation
    const call = async <T>(work: () => T): Promise<T> => {
      // Calls of one program overlap on a real disk; here each is one step of its own.
      await Promise.resolve()
      if (generation !== this.#generation || this.#callsLeft <= 0)
        throw new PowerCut('the power is gone')
      this.#callsLeft -= 1
      return work()
    }
    return {
      makeFolder: (path) => call(() => void this.#makeFolder(path)),
      create: (path) =>
        call(() => {
          const folder = this.#folder(dirname(path))
          if (folder.now.has(basename(path)))
            throw Object.assign(new Error(`EEXIST: ${path}`), { code: 'EEXIST' })
          const inode = new Inode()
          folder.change([basename(path), inode])
          return fileOf(inode, call)
        }),
      openRead: (path) => call(() => fileOf(this.#file(path), call)),
      openWrite: (path) => call(() => fileOf(this.#file(path), call)),
      readWhole: (path) => call(() => Buffer.from(this.#file(path).now)),
      exists: (path) => call(() => this.#find(path) !== null),
      list: (path) =>
        call(() => {
          const node = this.#find(path)
          return node instanceof Folder ? [...node.now.keys()].toSorted() : []
        }),
      rename: (from, to) =>
        call(() => {
          const node = this.#file(from)
          if (dirname(from) !== dirname(to)) throw new Error('only within one folder')
          this.#folder(dirname(to)).change([basename(from), null], [basename(to), node])
        }),
      remove: (path) =>
        call(() => {
          this.#file(path)
          this.#folder(dirname(path)).change([basename(path), null])
        }),
      syncFolder: (path) => call(() => this.#folder(path).sync()),
      freeBytes: () => call(() => 2 ** 40),
    }
  }

  #find(path: string): Inode | Folder | null {
    let node: Inode | Folder = this.#root
    for (const part of path.split('/').filter((one) => one !== '')) {
      const next: Inode | Folder | undefined =
        node instanceof Folder ? node.now.get(part) : undefined
      if (next === undefined) return null
      node = next
    }
    return node
  }

  #folder(path: string): Folder {
    const node = this.#find(path)
    if (!(node instanceof Folder)) throw missing(path)
    return node
  }

  #file(path: string): Inode {
    const node = this.#find(path)
    if (!(node instanceof Inode)) throw missing(path)
    return node
  }

  #makeFolder(path: string): Folder {
    let folder = this.#root
    for (const part of path.split('/').filter((one) => one !== '')) {
      const next = folder.now.get(part)
      if (next instanceof Inode) throw new Error(`ENOTDIR: ${path}`)
      if (next === undefined) folder.change([part, new Folder()])
      const made = folder.now.get(part)
      if (!(made instanceof Folder)) throw missing(path)
      folder = made
    }
    return folder
  }
}

function fileOf(inode: Inode, call: <T>(work: () => T) => Promise<T>): DiskFile {
  const put = (bytes: Buffer, position: number): void => {
    const write = { position, bytes: Buffer.from(bytes) }
    inode.unsynced.push(write)
    inode.now = written(inode.now, write)
  }
  return {
    write: (bytes, position) => call(() => put(bytes, position)),
    writeDurably: async (bytes, position) => {
      await call(() => put(bytes, position))
      await call(() => inode.sync())
    },
    read: (position, length) =>
      call(() => Buffer.from(inode.now.subarray(position, position + length))),
    fdatasync: () => call(() => inode.sync()),
    truncate: (length) =>
      call(() => {
        inode.now = Buffer.from(inode.now.subarray(0, length))
        inode.sync()
      }),
    size: () => call(() => inode.now.length),
    close: () => call(() => {}),
  }
}
