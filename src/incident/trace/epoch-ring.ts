/** The epochs of the trace index and their keys: one for each retention class and month, wrapped by the key provider. */
import { randomBytes } from 'node:crypto'
import type { KeyProvider } from '../../evidence/key-provider.ts'
import type { TraceEpoch, TraceStore } from '../../store/trace/trace-store.ts'
import { EpochDigests } from './trace-keys.ts'

export interface OpenEpoch {
  readonly epoch: number
  readonly retentionClass: string
  readonly month: string
  readonly digests: EpochDigests
}

const KEY_BYTES = 32

function aad(retentionClass: string, month: string): Buffer {
  return Buffer.from(`custody/trace-epoch/v1\0${retentionClass}\0${month}`)
}

export class EpochRing {
  readonly #store: TraceStore
  readonly #provider: KeyProvider
  readonly #open = new Map<number, Promise<OpenEpoch>>()
  readonly #named = new Map<string, Promise<OpenEpoch>>()

  constructor(store: TraceStore, provider: KeyProvider) {
    this.#store = store
    this.#provider = provider
  }

  /** Made when there is none yet. */
  for(retentionClass: string, atMs: number): Promise<OpenEpoch> {
    const month = new Date(atMs).toISOString().slice(0, 7)
    const name = `${month} ${retentionClass}`
    const known = this.#named.get(name)
    if (known !== undefined) return known
    const opened = this.#make(retentionClass, month)
    this.#named.set(name, opened)
    opened.catch(() => this.#named.delete(name))
    return opened
  }

  /** All that there are now. One whose key does not open is left out: nothing in it can be found. */
  async all(): Promise<readonly OpenEpoch[]> {
    const epochs = await this.#store.epochs()
    const opened = await Promise.allSettled(epochs.map((epoch) => this.#opened(epoch)))
    return opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  }

  async #make(retentionClass: string, month: string): Promise<OpenEpoch> {
    const known = (await this.#store.epochs()).find(
      (epoch) => epoch.retentionClass === retentionClass && epoch.month === month,
    )
    if (known !== undefined) return this.#opened(known)
    const wrapped = await this.#provider.wrap(randomBytes(KEY_BYTES), aad(retentionClass, month))
    return this.#opened(
      await this.#store.addEpoch({ retentionClass, month, wrapped: wrapped.toString('base64') }),
    )
  }

  #opened(epoch: TraceEpoch): Promise<OpenEpoch> {
    const known = this.#open.get(epoch.epoch)
    if (known !== undefined) return known
    const { retentionClass, month, wrapped } = epoch
    const opened = this.#provider
      .unwrap(Buffer.from(wrapped, 'base64'), aad(retentionClass, month))
      .then((key) => ({
        epoch: epoch.epoch,
        retentionClass,
        month,
        digests: new EpochDigests(key),
      }))
    this.#open.set(epoch.epoch, opened)
    opened.catch(() => this.#open.delete(epoch.epoch))
    return opened
  }
}
