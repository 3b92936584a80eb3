/** Rotates the root key in two phases: everything is wrapped anew under the next one, then the old one is destroyed. */
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { Clock } from '../../lib/clock.ts'
import type { EvidenceEvent, EventType } from '../../model/record.ts'
import type { Disk } from '../disk.ts'
import { epochKeyAad, type SegmentIdentity } from '../epoch-keys.ts'
import type { EvidenceLog } from '../evidence-log.ts'
import { localRootKey, unwrapUnder, writeOnce, type LocalKeyProvider } from '../key-provider.ts'
import { rewrapTenantSecret, tenantRootKey } from '../keyring.ts'
import type { WrappedEpochKey } from '../segment-format.ts'
import { listInstances, planInstance } from '../segment-scan.ts'
import { withDeadline } from '../../lib/with-deadline.ts'
import { readRootState, rootKeyFile, ROOTS_FILE, type RootState } from './root-state.ts'
import { readSegmentKeys, writeSegmentKeys } from './segment-keys.ts'

/** Keys that others keep under the root key. Returns how many could not be wrapped anew. */
export type OtherKeys = () => Promise<number>

export interface RootRotationOptions {
  readonly disk: Disk
  /** The data folder; its lock is held. */
  readonly folder: string
  readonly provider: LocalKeyProvider
  readonly log: EvidenceLog
  readonly clock: Clock
  /** Resolves when durable. */
  readonly note: (event: EvidenceEvent) => Promise<void>
  /** Resolves when the segment in use is sealed. */
  readonly leaveSegment: () => Promise<void>
  readonly others: readonly OtherKeys[]
  /** A disk that fails or hangs must not hold an operator for ever. */
  readonly deadlineMs?: number
}

export const KEYRING_DEADLINE_MS = 10_000

export interface RootStatus {
  readonly active: string
  /** Null when no rotation is under way. */
  readonly leaving: string | null
  readonly rewrapped: boolean
  readonly retired: readonly string[]
  readonly segments: number
  /** Segments that only the leaving key opens. */
  readonly segmentsLeft: number
  /** Keys of segments, newest first, the first few hundred. */
  readonly epochs: readonly EpochStatus[]
}

export interface EpochStatus {
  readonly instance: string
  readonly segment: number
  readonly createdAtMs: number
  readonly classes: readonly string[]
  /** The root key that opens them. */
  readonly root: string
}

const EPOCHS_MAX = 200

export type StepOutcome =
  | { readonly kind: 'done'; readonly status: RootStatus }
  | { readonly kind: 'refused'; readonly reason: string }

const refused = (reason: string): StepOutcome => ({ kind: 'refused', reason })
const ROOT_BYTES = 32

export class RootRotation {
  readonly #options: RootRotationOptions
  readonly #keys: string
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: RootRotationOptions) {
    this.#options = options
    this.#keys = join(options.folder, 'keys')
  }

  async status(): Promise<RootStatus> {
    const state = await this.#state()
    const found = await this.#segments()
    const { active, leaving, rewrapped, retired } = state
    return {
      active: active.id,
      leaving: leaving?.id ?? null,
      rewrapped,
      retired,
      segments: found.length,
      segmentsLeft: found.filter(({ provider }) => provider !== active.id).length,
      epochs: newestEpochs(found),
    }
  }

  /** First phase: makes the next root key. From here on it wraps what is made; the old one still opens. */
  prepare(actor: string): Promise<StepOutcome> {
    return this.#alone(async () => {
      const state = await this.#state()
      if (state.leaving !== null) return refused('a rotation of the root key is under way')
      await this.#sweep(state)
      const root = randomBytes(ROOT_BYTES)
      const { id } = localRootKey(root)
      await this.#note('keyring.prepared', actor, { root: id, leaving: state.active.id })
      const next = { id, file: rootKeyFile(id) }
      await writeOnce(this.#options.disk, join(this.#keys, next.file), root)
      root.fill(0)
      await this.#save({ ...state, active: next, leaving: state.active, rewrapped: false })
    })
  }

  /** Still first phase: wraps every key anew. What was done before a crash is not done again. */
  rewrap(actor: string): Promise<StepOutcome> {
    return this.#alone(async () => {
      const { disk, provider, log, leaveSegment, others } = this.#options
      const state = await this.#state()
      if (state.leaving === null) return refused('no rotation of the root key is under way')
      const { active, leaving } = state
      await withDeadline(leaveSegment(), this.#deadlineMs, 'leaving a segment')
      const logged = await this.#loggedKeys()
      let segments = 0
      for (const one of await this.#segments()) {
        let digest = one.digest
        if (one.provider !== active.id) {
          digest = await this.#rewrapSegment(one)
          segments += 1
        }
        // The file first, its leaf second, as with frames: a crash in between is made good here.
        if (digest !== null && logged.get(nameOf(one)) !== digest)
          log.rewrapped(nameOf(one), digest)
      }
      if (log.keys.rootKey !== active.id) await log.keys.rewrap()
      if ((await tenantRootKey(this.#keys, disk)) !== active.id)
        await rewrapTenantSecret(this.#keys, provider, disk)
      for (const other of others)
        if ((await other()) > 0) return refused('some keys could not be wrapped anew')
      await this.#flushLog()
      await this.#note('keyring.rewrapped', actor, {
        root: active.id,
        leaving: leaving.id,
        segments,
        folder: (await this.#segments()).length,
      })
      await this.#save({ ...state, rewrapped: true })
    })
  }

  /** Second phase: destroys the old root key. Refused while anything still needs it. */
  retire(actor: string): Promise<StepOutcome> {
    return this.#alone(async () => {
      const state = await this.#state()
      const { active, leaving } = state
      if (leaving === null) return refused('no rotation of the root key is under way')
      if (!state.rewrapped) return refused('not everything was wrapped anew: rewrap first')
      const sealed = this.#options.leaveSegment()
      await withDeadline(sealed, this.#deadlineMs, 'leaving a segment')
      const needs = await this.#needing(active.id)
      if (needs !== null) return refused(`${needs} still needs the old root key: rewrap again`)
      await this.#note('keyring.retired', actor, { root: active.id, retired: leaving.id })
      const retired = [...state.retired, leaving.id]
      const next: RootState = { ...state, leaving: null, rewrapped: false, retired }
      await this.#save(next)
      await this.#sweep(next)
    })
  }

  /** Until the old key is destroyed, it can be made the one in use again; then rewrap and retire as ever. */
  turnBack(actor: string): Promise<StepOutcome> {
    return this.#alone(async () => {
      const state = await this.#state()
      const { active, leaving } = state
      if (leaving === null) return refused('no rotation of the root key is under way')
      await this.#note('keyring.turned-back', actor, { root: leaving.id, leaving: active.id })
      await this.#save({ ...state, active: leaving, leaving: active, rewrapped: false })
    })
  }

  /** Destroys what a crash left of keys that are retired. Call at a start. */
  async tidy(): Promise<void> {
    const state = await readRootState(this.#options.disk, this.#keys)
    if (state !== null) await this.#sweep(state)
  }

  #alone(step: () => Promise<StepOutcome | void>): Promise<StepOutcome> {
    const run = this.#turn.then(async (): Promise<StepOutcome> => {
      const outcome = await step()
      return outcome ?? { kind: 'done', status: await this.status() }
    })
    this.#turn = run.catch(() => {})
    return run
  }

  async #state(): Promise<RootState> {
    const { disk, provider } = this.#options
    const state = await readRootState(disk, this.#keys)
    if (state !== null) return state
    const active = { id: provider.active().id, file: rootKeyFile(null) }
    return { version: 1, active, leaving: null, rewrapped: false, retired: [] }
  }

  async #save(state: RootState): Promise<void> {
    const { disk, provider } = this.#options
    const text = `${JSON.stringify(state, null, 2)}\n`
    await writeOnce(disk, join(this.#keys, ROOTS_FILE), Buffer.from(text))
    await provider.reload()
  }

  async #note(
    type: Extract<EventType, `keyring.${string}`>,
    actor: string,
    details: EvidenceEvent['details'],
  ): Promise<void> {
    const noting = this.#options.note({ type, atMs: this.#options.clock.nowMs(), actor, details })
    await withDeadline(noting, this.#deadlineMs, 'noting a step of a key rotation')
  }

  /** Rejects while leaves are missing: a file of keys must not be without its leaf. */
  async #flushLog(): Promise<void> {
    const { log } = this.#options
    await withDeadline(log.flush(), this.#deadlineMs, 'making the log durable')
    if (log.isBehind) throw new Error('the transparency log does not have everything yet')
  }

  get #deadlineMs(): number {
    return this.#options.deadlineMs ?? KEYRING_DEADLINE_MS
  }

  /** Every segment that counts, with the root key that opens it. */
  async #segments(): Promise<readonly FoundSegment[]> {
    const { disk, folder } = this.#options
    const found: FoundSegment[] = []
    for (const instance of await listInstances(disk, folder)) {
      const plan = await planInstance(disk, folder, instance)
      for (const { header } of plan.segments) {
        const later = await readSegmentKeys(disk, folder, header)
        const { provider, epochKeys } = later?.keys ?? header
        const { segment, createdAtMs } = header
        const digest = later?.digest ?? null
        found.push({ instance, segment, createdAtMs, provider, epochKeys, digest })
      }
    }
    return found
  }

  async #rewrapSegment(segment: FoundSegment): Promise<string> {
    const { disk, folder, provider } = this.#options
    const root = provider.active()
    const epochKeys: WrappedEpochKey[] = []
    for (const { retentionClass, wrapped } of segment.epochKeys) {
      const aad = epochKeyAad(segment, retentionClass)
      const key = await unwrapUnder(provider, segment.provider, wrapped, aad)
      epochKeys.push({ retentionClass, wrapped: await root.wrap(key, aad) })
      key.fill(0)
    }
    return writeSegmentKeys(disk, folder, segment, { provider: root.id, epochKeys })
  }

  /** What the log has of files with keys: the last that it says of each segment. */
  async #loggedKeys(): Promise<ReadonlyMap<string, string>> {
    const { log } = this.#options
    await this.#flushLog()
    const logged = new Map<string, string>()
    for await (const { kind, segment, storedDigest } of log.leaves())
      if (kind === 'segment.rewrapped' && segment !== null && !logged.has(segment))
        logged.set(segment, storedDigest ?? '')
    return logged
  }

  async #needing(active: string): Promise<string | null> {
    const { disk, log, others } = this.#options
    const segment = (await this.#segments()).find(({ provider }) => provider !== active)
    if (segment !== undefined) return `segment ${nameOf(segment)}`
    if (log.keys.rootKey !== active) return 'the key of the log'
    if ((await tenantRootKey(this.#keys, disk)) !== active) return "the tenant's key"
    for (const other of others) if ((await other()) > 0) return 'a key of the index'
    return null
  }

  /** Overwrites and removes the files of root keys that no state names. */
  async #sweep(state: RootState): Promise<void> {
    const { disk } = this.#options
    const kept = new Set([state.active.file, state.leaving?.file])
    for (const name of await disk.list(this.#keys)) {
      if (!/^root(-[0-9a-f]{16})?\.key(\.new)?$/.test(name) || kept.has(name)) continue
      const path = join(this.#keys, name)
      const file = await disk.openWrite(path)
      try {
        await file.write(Buffer.alloc(ROOT_BYTES), 0)
        await file.fdatasync()
      } finally {
        await file.close()
      }
      await disk.remove(path)
    }
    await disk.syncFolder(dirname(join(this.#keys, ROOTS_FILE)))
  }
}

interface FoundSegment extends SegmentIdentity {
  readonly createdAtMs: number
  readonly provider: string
  readonly epochKeys: readonly WrappedEpochKey[]
  /** Of the file beside it; null when there is none. */
  readonly digest: string | null
}

function newestEpochs(found: readonly FoundSegment[]): readonly EpochStatus[] {
  return found
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs || b.segment - a.segment)
    .slice(0, EPOCHS_MAX)
    .map(({ instance, segment, createdAtMs, provider, epochKeys }) => ({
      instance,
      segment,
      createdAtMs,
      classes: epochKeys.map(({ retentionClass }) => retentionClass),
      root: provider,
    }))
}

const nameOf = ({ instance, segment }: SegmentIdentity): string => `${instance}/${segment}`
