/** Knows when any process changed a key (or an approval), through LISTEN on a connection of its own that reconnects. */
import { Client } from 'pg'
import { systemClock } from '../../lib/clock.ts'

export const KEY_CHANNEL = 'custody_keys'
export const APPROVAL_CHANNEL = 'custody_approvals'

const RECONNECT_MS = 500
const HEARTBEAT_MS = 2000
/** Without an answer for this long, a connection that looks open counts as lost (a half-open TCP connection says nothing). */
const SILENCE_MAX_MS = 3 * HEARTBEAT_MS
const CONNECT_TIMEOUT_MS = 5000

export interface KeyListener extends AsyncDisposable {
  /** Changes with every key change that was heard, and on every call while nothing can be heard. */
  readonly version: () => number
  /** Counts a change of this process without waiting for its echo. */
  readonly committed: () => void
}

/** Resolves when the first connection listens. */
export async function listenForKeyChanges(
  url: string,
  channel: typeof KEY_CHANNEL | typeof APPROVAL_CHANNEL = KEY_CHANNEL,
): Promise<KeyListener> {
  const listener = new Listener(url, channel)
  await listener.connect()
  return listener
}

class Listener implements KeyListener {
  readonly #url: string
  readonly #channel: string
  #client: Client | null = null
  #changes = 0
  #heardAtMs = 0
  #closed = false
  #timer: NodeJS.Timeout | null = null

  constructor(url: string, channel: string) {
    this.#url = url
    this.#channel = channel
  }

  readonly version = (): number => {
    const isDeaf =
      this.#client === null || systemClock.monotonicMs() - this.#heardAtMs > SILENCE_MAX_MS
    if (isDeaf) this.#changes += 1
    return this.#changes
  }

  readonly committed = (): void => {
    this.#changes += 1
  }

  async connect(): Promise<void> {
    const client = new Client({
      connectionString: this.#url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    })
    client.on('notification', this.committed)
    client.on('error', () => this.#lost(client))
    client.on('end', () => this.#lost(client))
    try {
      await client.connect()
      await client.query(`listen ${this.#channel}`)
    } catch (error) {
      await client.end().catch(() => {})
      throw error
    }
    if (this.#closed) {
      await client.end()
      return
    }
    this.#client = client
    this.#heardAtMs = systemClock.monotonicMs()
    // What changed while nobody listened.
    this.#changes += 1
    this.#schedule(() => this.#beat(client), HEARTBEAT_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    const client = this.#client
    this.#client = null
    await client?.end().catch(() => {})
  }

  #beat(client: Client): void {
    if (client !== this.#client) return
    if (systemClock.monotonicMs() - this.#heardAtMs > SILENCE_MAX_MS) {
      this.#lost(client)
      return
    }
    void this.#ask(client)
    this.#schedule(() => this.#beat(client), HEARTBEAT_MS)
  }

  async #ask(client: Client): Promise<void> {
    try {
      await client.query('select 1')
      this.#heardAtMs = systemClock.monotonicMs()
    } catch {
      this.#lost(client)
    }
  }

  #lost(client: Client): void {
    if (client !== this.#client) return
    this.#client = null
    client.end().catch(() => {})
    this.#reconnect()
  }

  #reconnect(): void {
    this.#schedule(() => {
      this.connect().catch(() => this.#reconnect())
    }, RECONNECT_MS)
  }

  #schedule(work: () => void, delayMs: number): void {
    if (this.#closed) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(work, delayMs)
    this.#timer.unref()
  }
}
