/** Takes checkpoints of the log out of the reach of this machine: witnesses sign them, receivers keep them, an authority dates them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import type { LogFolder } from '../log/log-folder.ts'
import type { LogWriter } from '../log/log-writer.ts'
import { TileReader } from '../log/tile-reader.ts'
import { parseNoteKey } from '../log/note-key.ts'
import type { NoteSignature } from '../log/note.ts'
import { addCosignatures, requestCosignature, type WitnessPeer } from '../log/witness-client.ts'
import { WITNESSED } from '../record-proof.ts'
import { post } from './post.ts'
import type { Receiver } from './receivers.ts'
import { requestTimestamp } from './timestamp.ts'

/** Whoever waits for a proof waits so long for witnesses. */
const COSIGN_MS_MAX = 5_000

/** Tokens lie in `stamps/<size>.tsr`, what they date beside them in `stamps/<size>.checkpoint`. */
export const STAMPS = 'stamps'

export interface NamedWitness {
  readonly name: string
  readonly peer: WitnessPeer
}

export interface PublisherOptions {
  readonly writer: Pick<LogWriter, 'head' | 'checkpoint' | 'tiles'>
  readonly store: LogFolder
  readonly clock: Clock
  readonly everyMs: number
  readonly witnesses: readonly NamedWitness[]
  readonly quorum: number
  readonly receivers: readonly Receiver[]
  readonly timestampUrl: string | null
  /** Told once when somebody begins to fail, and what is wrong. */
  readonly onFailure: (who: string, reason: string) => void
}

/** How it stands with one of those outside. */
export interface PartyStatus {
  readonly kind: 'witness' | 'receiver' | 'timestamp'
  readonly name: string
  /** Leaves under the last checkpoint that it took; null when it took none since the start. */
  readonly size: number | null
  readonly atMs: number | null
  /** Empty while all is well. */
  readonly failure: string
}

/** A witness of the C2SP protocol at `url`. Throws when the key is not one of a witness. */
export function httpWitness(name: string, keyText: string, url: string): NamedWitness {
  const key = parseNoteKey(keyText)
  if (key === null || key.type !== 'cosignature')
    throw new Error(`the key of the witness ${name} is not a cosignature key`)
  const send = (body: Buffer) =>
    post({
      method: 'POST',
      url: `${url}/add-checkpoint`,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body,
    })
  return { name, peer: { key, post: send } }
}

export class CheckpointPublisher implements AsyncDisposable {
  readonly #options: PublisherOptions
  readonly #status = new Map<string, PartyStatus>()
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | null = null
  #published = -1
  #areStampsWhole = false
  #isStuck = false
  /** Signed by witnesses, and not on the disk yet. */
  #unkept: Buffer | null = null

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.publish(), options.everyMs)
    this.#timer.unref()
    const parties = [
      ...options.witnesses.map(({ name }) => ['witness', name] as const),
      ...options.receivers.map(({ name }) => ['receiver', name] as const),
      ...(options.timestampUrl === null ? [] : [['timestamp', options.timestampUrl] as const]),
    ]
    for (const [kind, name] of parties)
      this.#status.set(name, { kind, name, size: null, atMs: null, failure: '' })
  }

  get status(): readonly PartyStatus[] {
    return [...this.#status.values()]
  }

  /** Resolves when witnesses were asked to sign all that is logged now, or took too long. Never rejects. */
  async cosign(): Promise<void> {
    if (this.#options.witnesses.length === 0) return
    const { size } = this.#options.writer.head
    const asked = async (): Promise<void> => {
      // One that runs already may have begun with fewer leaves.
      await this.publish()
      if (this.#published < size) await this.publish()
    }
    await Promise.race([asked(), sleep(COSIGN_MS_MAX, undefined, { ref: false })])
  }

  /** Publishes the newest checkpoint to everybody. What fails is tried again the next time. Never rejects. */
  publish(): Promise<void> {
    this.#running ??= this.#publishOrSay().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** The disk of this machine is full, say: the gateway goes on, and the next time it is tried again. */
  async #publishOrSay(): Promise<void> {
    try {
      await this.#publish()
      this.#isStuck = false
    } catch (error) {
      if (!this.#isStuck) this.#options.onFailure(WITNESSED, reasonOf(error))
      this.#isStuck = true
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
    // The last checkpoint of a run is the one that says how it ended.
    await this.publish()
  }

  async #publish(): Promise<void> {
    const { writer, receivers, timestampUrl } = this.#options
    const { size } = writer.head
    const note = writer.checkpoint
    if (this.#unkept !== null) await this.#keep(this.#unkept)
    const isFailing = this.status.some(({ failure }) => failure !== '')
    if (size === this.#published && !isFailing) return
    const cosigned = await this.#witness(size, note)
    await Promise.all([
      ...receivers.map(({ name, take }) => this.#with(name, size, () => take(size, cosigned))),
      ...(timestampUrl === null
        ? []
        : [this.#with(timestampUrl, size, () => this.#stamp(timestampUrl, size, note))]),
    ])
    this.#published = size
  }

  /** The note with the signatures that could be had; kept when they are enough. */
  async #witness(size: number, note: Buffer): Promise<Buffer> {
    const { witnesses, quorum } = this.#options
    if (witnesses.length === 0) return note
    const signatures: NoteSignature[] = []
    await Promise.all(
      witnesses.map(({ name, peer }) =>
        this.#with(
          name,
          size,
          async () => void signatures.push(await this.#ask(name, peer, size, note)),
        ),
      ),
    )
    if (signatures.length === 0) return note
    const cosigned = addCosignatures(note, signatures)
    if (signatures.length >= quorum) await this.#keep(cosigned)
    return cosigned
  }

  async #keep(cosigned: Buffer): Promise<void> {
    const { store } = this.#options
    this.#unkept = cosigned
    await store.write(WITNESSED, cosigned)
    await store.sync([WITNESSED])
    this.#unkept = null
  }

  async #ask(name: string, peer: WitnessPeer, size: number, note: Buffer): Promise<NoteSignature> {
    const reader = new TileReader(this.#options.writer.tiles, size)
    const result = await requestCosignature(peer, {
      checkpoint: note,
      oldSize: this.#status.get(name)?.size ?? 0,
      consistencyProof: (oldSize) => reader.consistencyProof(oldSize),
    })
    switch (result.kind) {
      case 'cosigned':
        return result.signature
      case 'ahead':
        throw new Error(
          `it has signed ${result.witnessSize} leaves, this log has ${size}: the log was cut back, or its key signs elsewhere`,
        )
      case 'refused':
        throw new Error(
          result.status === 409 || result.status === 422
            ? `it says that the log does not continue what it signed before (${result.status})`
            : `it answers ${result.status}`,
        )
      case 'malformed':
        throw new Error('its answer is not a signature of its key')
    }
  }

  async #stamp(url: string, size: number, note: Buffer): Promise<void> {
    await this.#finishStamps(url)
    const { store } = this.#options
    const token = await requestTimestamp(url, note)
    await store.write(`${STAMPS}/${size}.checkpoint`, note)
    await this.#keepToken(size, token)
  }

  async #keepToken(size: number, token: Buffer): Promise<void> {
    const { store } = this.#options
    await store.write(`${STAMPS}/${size}.tsr`, token)
    await store.sync([`${STAMPS}/${size}.checkpoint`, `${STAMPS}/${size}.tsr`])
  }

  /** A crash may have come between the two files, and a checkpoint without its token looks like a token that was taken away. */
  async #finishStamps(url: string): Promise<void> {
    if (this.#areStampsWhole) return
    const { store } = this.#options
    const names = new Set(await store.list(STAMPS))
    for (const name of names) {
      const size = /^(\d+)\.checkpoint$/.exec(name)?.[1]
      if (size === undefined || names.has(`${size}.tsr`)) continue
      const note = await store.read(`${STAMPS}/${name}`)
      if (note !== null) await this.#keepToken(Number(size), await requestTimestamp(url, note))
    }
    this.#areStampsWhole = true
  }

  async #with(name: string, size: number, work: () => Promise<void>): Promise<void> {
    const before = this.#status.get(name)
    if (before === undefined || (before.size === size && before.failure === '')) return
    try {
      await work()
      this.#status.set(name, { ...before, size, atMs: this.#options.clock.nowMs(), failure: '' })
    } catch (error) {
      const failure = reasonOf(error)
      this.#status.set(name, { ...before, failure })
      if (before.failure === '') this.#options.onFailure(name, failure)
    }
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
