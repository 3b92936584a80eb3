/** The locks in force, in memory: what any process sets or releases counts from the next exchange on. */
import type { Clock } from '../lib/clock.ts'
import { globMatches } from '../lib/glob.ts'
import { readLinkedConversation } from '../model/linked-conversation.ts'
import type {
  ContainedFacts,
  ContainmentView,
  LockKind,
  LockRow,
  LockTable,
} from '../model/containment.ts'

/** How often a change by another process is looked for while no exchange asks: streams in flight are cut by it. */
const LOOK_EVERY_MS = 200
/** An exchange waits this long for a changed view; after that the age of the view decides. */
const CATCH_UP_MS = 400

export interface LockViewOptions {
  readonly table: LockTable
  readonly clock: Clock
  /** Logins of people who are disabled: what they answer for stays refused when the lock that cut them off is released. */
  readonly disabled?: () => Promise<readonly string[]>
  readonly stale: () => { readonly afterMs: number; readonly mode: 'refuse' | 'pass' }
  /** The locks are others than before: what is in flight is to be judged again. */
  readonly onChange: (view: LockView) => void
  /** Once for each time that the locks cannot be read any more. */
  readonly onFailure: (error: unknown) => void
}

export interface LockView extends ContainmentView, AsyncDisposable {
  /** Reads the locks; resolves when every lock set before the call is in force here. False when they cannot be read. */
  readonly refresh: () => Promise<boolean>
  /** Since when nothing is known of other processes' locks; 0 while everything is. */
  readonly ageMs: () => number
  readonly isStale: () => boolean
}

export async function openLockView(options: LockViewOptions): Promise<LockView> {
  const view = new Locks(options)
  await view.refresh()
  return view
}

class Locks implements LockView {
  readonly #options: LockViewOptions
  readonly #timer: NodeJS.Timeout
  #seen = Number.NaN
  #confirmedAt = Number.NEGATIVE_INFINITY
  #held: readonly LockRow[] = []
  #exact = new Map<string, LockRow[]>()
  #globs: readonly LockRow[] = []
  #hasLinked = false
  #disabled: ReadonlySet<string> = new Set()
  #running: Promise<boolean> | null = null
  #next: Promise<boolean> | null = null
  #isFailing = false

  constructor(options: LockViewOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
    this.#timer.unref()
  }

  readonly size = (): number => this.#held.length + this.#disabled.size

  readonly check = (facts: ContainedFacts): LockRow | null => {
    if (this.size() === 0) return null
    return (
      this.#find('principal', facts.principal) ??
      this.#findAny('person', facts.people) ??
      this.#findAny('key', facts.keys) ??
      this.#findAny('service', facts.services) ??
      this.#find('upstream', facts.upstream) ??
      this.#find('model', facts.model) ??
      this.#findGlob(facts.model) ??
      this.#find('conversation', facts.conversation) ??
      (this.#hasLinked ? this.#findAny('conversation', facts.linked()) : null) ??
      this.#findAny('finding', facts.findings) ??
      this.#findDisabled(facts.people)
    )
  }

  readonly current = (): Promise<boolean> | null => {
    const version = this.#version()
    if (version !== null && version === this.#seen) return null
    return this.#catchUp()
  }

  readonly whenStale = (): 'refuse' | 'pass' => this.#options.stale().mode

  readonly refresh = (): Promise<boolean> => {
    if (this.#running === null) {
      this.#running = this.#load().finally(() => {
        this.#running = null
      })
      return this.#running
    }
    // What runs may have begun before the change that this call is about.
    this.#next ??= this.#running.then(() => {
      this.#next = null
      return this.refresh()
    })
    return this.#next
  }

  readonly ageMs = (): number => {
    if (this.#version() === this.#seen) return 0
    return Math.max(0, this.#options.clock.monotonicMs() - this.#confirmedAt)
  }

  readonly isStale = (): boolean => this.ageMs() > this.#options.stale().afterMs

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await (this.#next ?? this.#running)
  }

  #look(): void {
    if (this.#version() === this.#seen) this.#confirmedAt = this.#options.clock.monotonicMs()
    else void this.refresh()
  }

  #version(): number | null {
    try {
      return this.#options.table.version()
    } catch {
      return null
    }
  }

  async #catchUp(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), CATCH_UP_MS)
    })
    const isRead = await Promise.race([this.refresh(), late])
    clearTimeout(timer)
    return isRead || !this.isStale()
  }

  async #load(): Promise<boolean> {
    const { table, clock, onChange, onFailure } = this.#options
    try {
      const version = table.version()
      const beganAt = clock.monotonicMs()
      const held = await table.active(clock.nowMs())
      const disabled = new Set((await this.#options.disabled?.()) ?? [])
      const isChanged = !sameIds(held, this.#held) || !isSubset(disabled, this.#disabled)
      this.#put(held)
      this.#disabled = disabled
      this.#seen = version
      this.#confirmedAt = beganAt
      this.#isFailing = false
      if (isChanged) onChange(this)
      return true
    } catch (error) {
      if (!this.#isFailing) onFailure(error)
      this.#isFailing = true
      return false
    }
  }

  #put(held: readonly LockRow[]): void {
    this.#held = held
    this.#globs = held.filter(({ kind, value }) => kind === 'model' && value.includes('*'))
    this.#hasLinked = held.some(
      ({ kind, value }) => kind === 'conversation' && readLinkedConversation(value) !== null,
    )
    this.#exact = new Map()
    for (const lock of held) {
      const name = nameOf(lock.kind, lock.value)
      const same = this.#exact.get(name)
      if (same === undefined) this.#exact.set(name, [lock])
      else same.push(lock)
    }
  }

  #find(kind: LockKind, value: string): LockRow | null {
    if (value === '') return null
    return this.#exact.get(nameOf(kind, value))?.find((lock) => this.#holds(lock)) ?? null
  }

  #findAny(kind: LockKind, values: readonly string[]): LockRow | null {
    for (const value of values) {
      const lock = this.#find(kind, value)
      if (lock !== null) return lock
    }
    return null
  }

  #findDisabled(people: readonly string[]): LockRow | null {
    const login = people.find((one) => this.#disabled.has(one))
    return login === undefined ? null : { ...DISABLED, value: login }
  }

  #findGlob(model: string): LockRow | null {
    if (model === '') return null
    return this.#globs.find((lock) => this.#holds(lock) && globMatches(lock.value, model)) ?? null
  }

  #holds({ expiresAtMs }: LockRow): boolean {
    return expiresAtMs === null || this.#options.clock.nowMs() < expiresAtMs
  }
}

/** What refuses where no lock does. */
const DISABLED: LockRow = {
  id: 'person-disabled',
  kind: 'person',
  value: '',
  reason: 'the person is disabled',
  owner: 'offboarding',
  createdAtMs: 0,
  expiresAtMs: null,
  releasedAtMs: null,
  releasedBy: '',
  releaseReason: '',
}

function isSubset(some: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  return [...some].every((one) => all.has(one))
}

function nameOf(kind: LockKind, value: string): string {
  return `${kind} ${value}`
}

function sameIds(a: readonly LockRow[], b: readonly LockRow[]): boolean {
  return a.length === b.length && a.every(({ id }, at) => b[at]?.id === id)
}
