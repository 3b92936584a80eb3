/** A log's files on a disk: each is written beside its place, made durable, then renamed, so a name means whole content. */
import { dirname, join } from 'node:path'
import { isMissing } from '../../lib/error-code.ts'
import type { Disk, DiskFile } from '../disk.ts'
import type { TileStore } from './tiles.ts'

const HALF = '.new'

export class LogFolder implements TileStore {
  readonly #disk: Disk
  readonly #root: string
  readonly #folders = new Set<string>()

  constructor(disk: Disk, root: string) {
    this.#disk = disk
    this.#root = root
  }

  async read(path: string): Promise<Buffer | null> {
    try {
      return await this.#disk.readWhole(join(this.#root, path))
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  /** Names in a folder of the log, half-written files left out. */
  async list(folder: string): Promise<readonly string[]> {
    const names = await this.#disk.list(join(this.#root, folder))
    return names.filter((name) => !name.endsWith(HALF))
  }

  /** Durable in content; the name is durable after `sync`. A failed write is tried again on a new file only. */
  async write(path: string, bytes: Buffer): Promise<void> {
    const whole = join(this.#root, path)
    const half = `${whole}${HALF}`
    await this.#makeFolder(dirname(whole))
    const file = await this.#createAfresh(half)
    try {
      await file.writeDurably(bytes, 0)
    } finally {
      await file.close()
    }
    await this.#disk.rename(half, whole)
  }

  /** Makes the names of `paths` durable. */
  async sync(paths: readonly string[]): Promise<void> {
    const folders = new Set(paths.map((path) => dirname(join(this.#root, path))))
    await allDone([...folders].map((folder) => this.#disk.syncFolder(folder)))
  }

  async remove(path: string): Promise<void> {
    await this.#disk.remove(join(this.#root, path))
  }

  async #createAfresh(path: string): Promise<DiskFile> {
    try {
      return await this.#disk.create(path)
    } catch (error) {
      if (!(await this.#disk.exists(path))) throw error
      await this.#disk.remove(path)
      return this.#disk.create(path)
    }
  }

  /** A folder is of use only when its own name, and those above it, are durable. */
  async #makeFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return
    await this.#disk.makeFolder(folder)
    const above: string[] = []
    for (let path = folder; path !== this.#root && path !== dirname(path); path = dirname(path))
      above.unshift(dirname(path))
    for (const path of [dirname(this.#root), ...above]) await this.#disk.syncFolder(path)
    this.#folders.add(folder)
  }
}

/** Waits for all, then fails with the first failure: nothing of a failed attempt runs on beside the next one. */
export async function allDone(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
