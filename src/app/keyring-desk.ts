/** Keys of the evidence as operators change them: the root key in two phases, the log's key by handing over and revoking. */
import { join } from 'node:path'
import { nodeDisk } from '../evidence/disk.ts'
import type { LocalKeyProvider } from '../evidence/key-provider.ts'
import {
  KEYRING_DEADLINE_MS,
  RootRotation,
  type RootStatus,
} from '../evidence/keyring/root-rotation.ts'
import { withDeadline } from '../lib/with-deadline.ts'
import { formatNoteKey, keyIdText } from '../evidence/log/note-key.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import { rewrapEpochs } from '../incident/trace/epoch-ring.ts'
import type { Clock } from '../lib/clock.ts'
import type { EvidenceEvent } from '../model/record.ts'
import type { StoreOptions } from '../store/store.ts'
import { openTraceStore } from '../store/trace/open-trace-store.ts'
import { rewrapStarterKey } from './starter-key.ts'

const KEYRING_STEPS = [
  'prepare',
  'rewrap',
  'retire',
  'turn-back',
  'rotate-log-key',
  'revoke-log-key',
] as const
export type KeyringStep = (typeof KEYRING_STEPS)[number]

export interface LogKeyStatus {
  readonly id: string
  readonly verifier: string
  readonly isActive: boolean
}

export interface KeyringStatus {
  readonly root: RootStatus
  /** Oldest first. */
  readonly logKeys: readonly LogKeyStatus[]
}

export type KeyringOutcome =
  | { readonly kind: 'done'; readonly status: KeyringStatus }
  | { readonly kind: 'refused'; readonly reason: string }

export interface KeyringDesk {
  readonly status: () => Promise<KeyringStatus>
  /** `key`: id of the log key to revoke. */
  readonly step: (step: KeyringStep, actor: string, key?: string) => Promise<KeyringOutcome>
}

export interface KeyringParts {
  readonly folder: string
  readonly evidence: Evidence
  readonly provider: LocalKeyProvider
  readonly clock: Clock
  readonly storage: StoreOptions
}

export function createKeyringDesk(parts: KeyringParts): KeyringDesk {
  const { folder, evidence, provider, clock, storage } = parts
  const { log, recorder } = evidence
  const rotation = new RootRotation({
    disk: nodeDisk,
    folder,
    provider,
    log,
    clock,
    note: (event) => recorder.note(event),
    leaveSegment: () => evidence.leaveSegment(),
    others: [
      async () => {
        await rewrapStarterKey(join(folder, 'keys'), provider)
        return 0
      },
      async () => {
        await using traces = await openTraceStore(storage)
        return await rewrapEpochs(traces, provider)
      },
    ],
  })
  const status = async (): Promise<KeyringStatus> => {
    const active = log.keys.signer.key
    return {
      root: await rotation.status(),
      logKeys: log.keys.verifiers.map((key) => ({
        id: keyIdText(key),
        verifier: formatNoteKey(key),
        isActive: key.publicBytes.equals(active.publicBytes),
      })),
    }
  }
  const note = (type: EvidenceEvent['type'], actor: string, key: string): Promise<void> =>
    recorder.note({ type, atMs: clock.nowMs(), actor, details: { key } })
  const steps: Readonly<
    Record<KeyringStep, (actor: string, key: string) => Promise<string | null>>
  > = {
    prepare: async (actor) => reasonOf(await rotation.prepare(actor)),
    rewrap: async (actor) => reasonOf(await rotation.rewrap(actor)),
    retire: async (actor) => reasonOf(await rotation.retire(actor)),
    'turn-back': async (actor) => reasonOf(await rotation.turnBack(actor)),
    'rotate-log-key': async (actor) => {
      await note('keyring.log-key-rotated', actor, keyIdText(log.keys.signer.key))
      await withDeadline(log.writer.rotateKey(), KEYRING_DEADLINE_MS, 'rotating the log key')
      return null
    },
    'revoke-log-key': async (actor, key) => {
      const revoking = log.writer.revokeKey(key)
      const outcome = await withDeadline(revoking, KEYRING_DEADLINE_MS, 'revoking a log key')
      if (outcome === 'unknown') return 'the log has no such key'
      if (outcome === 'in-use') return 'this key is in use: rotate it first'
      await note('keyring.log-key-revoked', actor, key)
      return null
    },
  }
  return {
    status,
    step: async (step, actor, key = '') => {
      const reason = await steps[step](actor, key)
      return reason === null
        ? { kind: 'done', status: await status() }
        : { kind: 'refused', reason }
    },
  }
}

const reasonOf = (outcome: Awaited<ReturnType<RootRotation['prepare']>>): string | null =>
  outcome.kind === 'refused' ? outcome.reason : null
