/** The epochs of the trace index and their keys: one for each retention class and month, wrapped by the key provider. */
import { randomBytes } from 'node:crypto'
import { unwrapUnder, type KeyProvider, type RootKey } from '../../evidence/key-provider.ts'
import type { TraceEpoch, TraceStore } from '../../store/trace/trace-store.ts'
import { digestsOf, type Digests, type TraceVersion } from './versions.ts'

export interface OpenEpoch {
  readonly epoch: number
  readonly retentionClass: string
  readonly month: string
  readonly digests: (version: TraceVersion) => Digests
}

const KEY_BYTES = 32

function aad(retentionClass: string, month: string): Buffer {
  return Buffer.from(`custody/trace-epoch/v1\0${retentionClass}\0${month}`)
}

/** `<root key id> <base64>`. */
async function wrapUnder(root: RootKey, key: Buffer, purpose: Buffer): Promise<string> {
  return `${root.id} ${(await root.wrap(key, purpose)).toString('base64')}`
}

async function unwrapStored(provider: KeyProvider, text: string, purpose: Buffer): Promise<Buffer> {
  const [id = '', wrapped] = text.split(' ')
  // Epochs made before root keys were rotated name none.
  if (wrapped === undefined) return provider.active().unwrap(Buffer.from(text, 'base64'), purpose)
  return unwrapUnder(provider, id, Buffer.from(wrapped, 'base64'), purpose)
}

/** Wraps the keys of all epochs anew, under the root key in use. Returns how many are still under another one. */
export async function rewrapEpochs(store: TraceStore, provider: KeyProvider): Promise<number> {
  const root = await provider.current()
  let left = 0
  for (const { epoch, retentionClass, month, wrapped } of await store.epochs()) {
    if (wrapped.startsWith(`${root.id} `)) continue
    const purpose = aad(retentionClass, month)
    const key = await unwrapStored(provider, wrapped, purpose).catch(() => null)
    if (key === null) left += 1
    else await store.rewrapEpoch(epoch, await wrapUnder(root, key, purpose))
  }
  return left
}

export class EpochRing {
  readonly #store: TraceStore
  readonly #provider: KeyProvider
  readonly #open = new Map<number, Promise<OpenEpoch>>()
  readonly #named = new Map<string, OpenEpoch>()
  #month = { name: '', fromMs: 0, toMs: 0 }

  constructor(store: TraceStore, provider: KeyProvider) {
    this.#store = store
    this.#provider = provider
  }

  /** Made when there is none yet. A promise only the first time. */
  for(retentionClass: string, atMs: number): OpenEpoch | Promise<OpenEpoch> {
    const name = `${this.#monthOf(atMs)} ${retentionClass}`
    return this.#named.get(name) ?? this.#make(name, retentionClass, this.#monthOf(atMs))
  }

  /** All that there are now. One whose key does not open is left out: nothing in it can be found. */
  async all(): Promise<readonly OpenEpoch[]> {
    const epochs = await this.#store.epochs()
    const opened = await Promise.allSettled(epochs.map((epoch) => this.#opened(epoch)))
    return opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  }

  async #make(name: string, retentionClass: string, month: string): Promise<OpenEpoch> {
    const known = (await this.#store.epochs()).find(
      (epoch) => epoch.retentionClass === retentionClass && epoch.month === month,
    )
    const opened = await this.#opened(known ?? (await this.#add(retentionClass, month)))
    this.#named.set(name, opened)
    return opened
  }

  async #add(retentionClass: string, month: string): Promise<TraceEpoch> {
    const root = await this.#provider.current()
    const wrapped = await wrapUnder(root, randomBytes(KEY_BYTES), aad(retentionClass, month))
    return this.#store.addEpoch({ retentionClass, month, wrapped })
  }

  /** UTC, as `2026-11`. */
  #monthOf(atMs: number): string {
    const { name, fromMs, toMs } = this.#month
    if (atMs >= fromMs && atMs < toMs) return name
    const at = new Date(atMs)
    const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()]
    this.#month = {
      name: at.toISOString().slice(0, 7),
      fromMs: Date.UTC(year, month),
      toMs: Date.UTC(year, month + 1),
    }
    return this.#month.name
  }

  #opened(epoch: TraceEpoch): Promise<OpenEpoch> {
    const known = this.#open.get(epoch.epoch)
    if (known !== undefined) return known
    const { retentionClass, month, wrapped } = epoch
    const opened = unwrapStored(this.#provider, wrapped, aad(retentionClass, month)).then(
      (key) => ({
        epoch: epoch.epoch,
        retentionClass,
        month,
        digests: remembered((version) => digestsOf(version, key)),
      }),
    )
    this.#open.set(epoch.epoch, opened)
    opened.catch(() => this.#open.delete(epoch.epoch))
    return opened
  }
}

function remembered(make: (version: TraceVersion) => Digests): (version: TraceVersion) => Digests {
  const made = new Map<TraceVersion, Digests>()
  return (version) => {
    const digests = made.get(version) ?? make(version)
    made.set(version, digests)
    return digests
  }
}
