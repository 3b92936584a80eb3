/** Verifies a whole data folder, or a copy of one, offline: the log, and every frame that it speaks of. */
import { join } from 'node:path'
import type { Certificate } from 'pkijs'
import type { Disk } from '../disk.ts'
import { commitmentOf } from '../drafts.ts'
import { logFolder } from '../evidence-log.ts'
import type { KeyProvider } from '../key-provider.ts'
import type { Checkpoint } from '../log/checkpoint.ts'
import { peekCheckpoint } from '../log/checkpoint.ts'
import type { LeafKind } from '../log/leaf.ts'
import { checkStamps, type StampProblem } from './check-stamps.ts'
import { LogFolder } from '../log/log-folder.ts'
import { readVerifiers } from '../log/log-keys.ts'
import { formatNoteKey, type NoteKey } from '../log/note-key.ts'
import { evaluatePolicy, type Policy, type WitnessSeen } from '../log/policy.ts'
import { verifyLog, type LogProblem, type LogState } from '../log/verify-log.ts'
import { WITNESSED } from '../record-proof.ts'
import { SegmentFiles } from '../segment-files.ts'
import { FrameAudit, type FrameAuditState, type PlainCheck } from './frame-audit.ts'
import { walkFrames } from './frame-batches.ts'
import {
  RecordLedger,
  type FolderProblem,
  type LedgerState,
  type RecordState,
} from './record-ledger.ts'
import { SegmentAudit, type SegmentAuditState, type SegmentProblem } from './segment-audit.ts'
import { findStrangers } from './strangers.ts'

/** A heartbeat a minute is promised; a busy machine may be late. */
const SILENCE_MAX_S = 180

/** The clock of the gateway may be so far ahead of the verifier's. */
const AHEAD_MAX_S = 300

/** Clocks of witnesses may be a little ahead. */
const CLOCK_SLACK_S = 60

export interface VerifyFolderOptions {
  readonly disk: Disk
  /** The data folder, or a copy with `segments/` and `log/`. */
  readonly folder: string
  /** Which logs and witnesses are trusted; null believes the key that the folder itself names. */
  readonly policy: Policy | null
  /** Checkpoints of this log that the verifier kept from earlier. */
  readonly known: readonly Buffer[]
  /** Opens what it can, to hold the plain payloads against the log too; null verifies without keys. */
  readonly provider: KeyProvider | null
  /** Who may date checkpoints; without it the certificate that a time stamp brings is believed. */
  readonly authorities?: readonly Certificate[] | null
  readonly nowS: number
  readonly onRecord?: (record: string, state: RecordState) => void
  readonly onProgress?: (progress: VerifyProgress) => void
  /** A gateway writes the folder meanwhile: what it logs is followed, and an erasure may be under way. */
  readonly isLive?: boolean
  /** Goes on where this was saved: what was looked at before is not read again. */
  readonly resume?: VerifyState | null
  /** Told now and then, and at the end; `save` gives a state to go on from. */
  readonly onState?: (save: () => VerifyState) => Promise<void>
}

export interface VerifyState {
  readonly log: LogState
  readonly frames: FrameAuditState
  readonly ledger: LedgerState
  readonly segments: SegmentAuditState
  readonly isStopped: boolean
  readonly openedPayloads: boolean
}

export interface VerifyProgress {
  readonly leaves: number
  readonly of: number
  readonly bytes: number
}

export type VerifyProblem =
  | LogProblem
  | FolderProblem
  | SegmentProblem
  | { readonly kind: 'log-missing' }
  | { readonly kind: 'log-not-trusted'; readonly origin: string }
  | { readonly kind: 'witnesses-missing'; readonly reason: string }
  /** The newest leaf is from the future. */
  | { readonly kind: 'clock-ahead'; readonly seconds: number }
  | StampProblem

export interface FolderReport {
  /** True when everything is as recorded. */
  readonly holds: boolean
  /** Whose word was taken for the key of the log. */
  readonly trust: 'policy' | 'folder'
  readonly checkpoint: Checkpoint | null
  /** Verifier keys of the log, oldest first. */
  readonly keys: readonly string[]
  readonly records: Readonly<Record<RecordState, number>>
  readonly leaves: ReadonlyMap<LeafKind, number>
  /** Exchanges without an end: running, or left by a crash that nobody has put in order yet. */
  readonly unclosed: number
  /** Frames behind the last leaf. */
  readonly unlogged: number
  /** Times when recording was not possible and said so. */
  readonly gaps: number
  /** Seconds since the last leaf. */
  readonly ageS: number | null
  readonly witnesses: readonly WitnessSeen[]
  /** Size of the newest checkpoint that witnesses signed. */
  readonly witnessedSize: number | null
  /** Tokens of time stamping authorities, each on one checkpoint. */
  readonly timestamps: number
  readonly segmentBytes: number
  readonly openedPayloads: boolean
  /** Leaves that an earlier run had looked at, and this one did not. */
  readonly resumedAt: number
  /** Files, and bytes behind the end of a segment, that count as no evidence: put there, or left by a failed write. */
  readonly strangers: readonly string[]
  readonly problems: readonly VerifyProblem[]
  readonly problemCount: number
}

export async function verifyFolder(options: VerifyFolderOptions): Promise<FolderReport> {
  const { disk, folder, policy, provider, nowS } = options
  const store = new LogFolder(disk, logFolder(folder))
  const extra: VerifyProblem[] = []
  const note = await store.read('checkpoint')
  const claimed = note === null ? null : peekCheckpoint(note)
  const keys = policy === null ? await ownKeys(disk, folder) : keysFor(policy, claimed?.origin)
  if (note === null) extra.push({ kind: 'log-missing' })
  else if (keys.length === 0) extra.push({ kind: 'log-not-trusted', origin: claimed?.origin ?? '' })
  const witnessedNote = await store.read(WITNESSED)
  const { resume = null, isLive = false, authorities = null } = options
  const stamps = await checkStamps(store, { authorities, isLive })
  extra.push(...stamps.problems)
  const ledger = new RecordLedger(options.onRecord, resume?.ledger)
  const segments = new SegmentAudit(resume?.segments ?? null)
  let segmentBytes = 0
  const frames = walkFrames({
    disk,
    folder,
    from: resume?.frames.last ?? null,
    onBytes: (count) => {
      segmentBytes += count
    },
    onSegment: (header) => segments.header(header),
  })
  const checkPlain = provider === null ? null : plainCheck(new SegmentFiles(disk, folder, provider))
  const audit = new FrameAudit(frames, ledger, checkPlain, resume?.frames)
  let isStopped = resume?.isStopped ?? false
  const report = await verifyLog({
    store,
    keys,
    known: [...options.known, ...stamps.notes, ...(witnessedNote === null ? [] : [witnessedNote])],
    silenceMaxS: SILENCE_MAX_S,
    onLeaf: (leaf) => {
      isStopped = leaf.kind === 'gateway.stopped'
      segments.leaf(leaf)
      return audit.leaf(leaf)
    },
    onProgress: (leaves, of) => options.onProgress?.({ leaves, of, bytes: segmentBytes }),
    onTile: async (log) =>
      options.onState?.(() => ({
        log: log(),
        frames: audit.save(),
        ledger: ledger.save(),
        segments: segments.save(),
        isStopped,
        openedPayloads: provider !== null,
      })),
    resume: resume?.log ?? null,
    follow: isLive,
  })
  const unlogged = await audit.end(isStopped, report.lastLeafS ?? 0)
  ledger.end(isLive)
  // Without a log that can be trusted there is nothing to hold them against, and that is what is said.
  if (report.checkpoint !== null) extra.push(...(await segments.end(disk, folder, audit.last)))
  const aheadS = (report.lastLeafS ?? 0) - nowS
  if (aheadS > AHEAD_MAX_S) extra.push({ kind: 'clock-ahead', seconds: aheadS })
  const witnessed = judgeWitnesses(witnessedNote, policy, nowS)
  extra.push(...witnessed.problems)
  // What is wrong with the log explains the rest.
  const problems = [...report.problems, ...extra, ...ledger.problems]
  const problemCount = extra.length + report.problemCount + ledger.problemCount
  return {
    holds: problemCount === 0,
    trust: policy === null ? 'folder' : 'policy',
    checkpoint: report.checkpoint,
    keys: keys.map(formatNoteKey),
    records: ledger.counts,
    leaves: report.counts,
    unclosed: report.unclosed.length,
    unlogged,
    gaps: report.counts.get('recording.gap') ?? 0,
    ageS: report.lastLeafS === null ? null : Math.max(0, nowS - report.lastLeafS),
    witnesses: witnessed.seen,
    witnessedSize: witnessed.size,
    timestamps: stamps.notes.length,
    segmentBytes,
    openedPayloads: provider !== null,
    resumedAt: resume?.log.size ?? 0,
    strangers: await findStrangers(disk, folder),
    problems,
    problemCount,
  }
}

/** Keys that stand beside the log: good enough to find accidents, not those who could write there. */
async function ownKeys(disk: Disk, folder: string): Promise<readonly NoteKey[]> {
  return (await readVerifiers(disk, join(folder, 'keys'))).slice(0, 1)
}

const keysFor = (policy: Policy, origin: string | undefined): readonly NoteKey[] =>
  policy.logs.map(({ key }) => key).filter((key) => key.name === origin)

function plainCheck(files: SegmentFiles): PlainCheck {
  return async (leaf, { address, head, bytes, header }) => {
    try {
      const { plain } = await files.open(address, head, bytes, header)
      if (plain === null || commitmentOf(plain) === leaf.plaintextCommitment) return null
      return 'the plain payload is not the one that the leaf commits to'
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
}

interface WitnessReport {
  readonly seen: readonly WitnessSeen[]
  readonly size: number | null
  readonly problems: readonly VerifyProblem[]
}

/** That the log continues what they signed is checked with the other known checkpoints. */
function judgeWitnesses(note: Buffer | null, policy: Policy | null, nowS: number): WitnessReport {
  const none = (reason: string): WitnessReport => ({
    seen: [],
    size: null,
    problems: [{ kind: 'witnesses-missing', reason }],
  })
  if (policy === null) {
    const size = note === null ? null : (peekCheckpoint(note)?.size ?? null)
    return { seen: [], size, problems: [] }
  }
  if (policy.quorum === null) return { seen: [], size: null, problems: [] }
  if (note === null) return none('no checkpoint has their signatures')
  const verdict = evaluatePolicy({ policy, note, latestS: nowS + CLOCK_SLACK_S })
  if (verdict.kind === 'refused') return { ...none(verdict.reason), seen: verdict.witnesses }
  return { seen: verdict.witnesses, size: verdict.checkpoint.size, problems: [] }
}
