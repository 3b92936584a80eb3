/** A recorded folder to tamper with: copies of it, its frames, and ways to change bytes so that checksums still fit. */
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { nodeDisk } from '../../src/evidence/disk.ts'
import { openLocalKeyProvider } from '../../src/evidence/key-provider.ts'
import { sealCheckpoint } from '../../src/evidence/log/checkpoint.ts'
import { encodeLeaf, type Leaf, type LeafDraft } from '../../src/evidence/log/leaf.ts'
import { LogKeys, readLogOrigin } from '../../src/evidence/log/log-keys.ts'
import { Frontier } from '../../src/evidence/log/merkle.ts'
import { keyIdText } from '../../src/evidence/log/note-key.ts'
import { tilePath } from '../../src/evidence/log/tiles.ts'
import { TreeEdge } from '../../src/evidence/log/tree-edge.ts'
import { scanSegments, segmentPath, type ScannedFrame } from '../../src/evidence/segment-scan.ts'
import { verifyFolder, type FolderReport } from '../../src/evidence/verify/verify-folder.ts'
import type { Policy } from '../../src/evidence/log/policy.ts'
import type { EvidenceEvent, FrameAddress } from '../../src/model/record.ts'
import { chatBody, closingFacts, openingFacts, wholeBody, type TestEvidence } from './evidence.ts'
import { readLeaves } from './leaf-coverage.ts'

export type FoundFrame = Omit<ScannedFrame, 'kind' | 'header'>

export async function framesOf(folder: string): Promise<readonly FoundFrame[]> {
  const frames: FoundFrame[] = []
  for await (const found of scanSegments(nodeDisk, folder))
    if (found.kind === 'frame') {
      const { address, head } = found
      frames.push({ address, head, bytes: Buffer.from(found.bytes) })
    }
  return frames
}

export class Tampered {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  static async copy(from: string, to: string): Promise<Tampered> {
    await cp(from, to, { recursive: true })
    return new Tampered(to)
  }

  segment({ instance, segment }: FrameAddress): string {
    return segmentPath(this.folder, instance, segment)
  }

  async change(path: string, work: (bytes: Buffer) => Buffer | void): Promise<void> {
    const bytes = await readFile(path)
    await writeFile(path, work(bytes) ?? bytes)
  }

  async log(path: string, work: (bytes: Buffer) => Buffer | void): Promise<void> {
    await this.change(join(this.folder, 'log', path), work)
  }

  /** Changes the bytes of one frame where they stand; `fit` makes both checksums right again. */
  async frame(frame: FoundFrame, work: (bytes: Buffer) => void, fit = true): Promise<void> {
    await this.change(this.segment(frame.address), (bytes) => {
      const part = bytes.subarray(frame.address.offset, frame.address.offset + frame.head.length)
      work(part)
      if (!fit) return
      const state = part[5]!
      part[5] = 0
      part.writeUInt32LE(crc32(part.subarray(0, 80)), 80)
      part[5] = state
      part.writeUInt32LE(crc32(part.subarray(84, -4)), part.length - 4)
    })
  }

  /** Writes the whole log anew with the gateway's own key: what an attacker does who has it. */
  async rewriteLog(
    work: (leaves: readonly Leaf[]) => readonly (LeafDraft & { readonly timeS: number })[],
    raw: (entries: Buffer[]) => Buffer[] = (entries) => entries,
  ): Promise<void> {
    const keysFolder = join(this.folder, 'keys')
    const keys = await LogKeys.open({
      disk: nodeDisk,
      folder: keysFolder,
      provider: await openLocalKeyProvider(keysFolder),
      origin: await readLogOrigin(nodeDisk, keysFolder),
    })
    const logKey = keyIdText(keys.signer.key)
    const leaves = work(await readLeaves(this.folder))
    const entries = leaves.map((leaf, sequence) => encodeLeaf({ ...leaf, sequence, logKey }))
    const { edge, files } = new TreeEdge(new Frontier(), [], []).append(raw(entries))
    for (const { tile, bytes } of files) {
      const path = join(this.folder, 'log', tilePath(tile))
      await nodeDisk.makeFolder(join(path, '..'))
      await writeFile(path, bytes)
    }
    const checkpoint = sealCheckpoint(edge.head(), keys.signer)
    await writeFile(join(this.folder, 'log', 'checkpoint'), checkpoint)
  }
}

export async function exchange(
  { evidence }: TestEvidence,
  n: number,
  facts = openingFacts(),
): Promise<string> {
  const { bytes, spans } = chatBody([
    { role: 'user', text: `question ${n} ${'word '.repeat(30)}` },
    { role: 'user', text: `and another ${n}` },
  ])
  const recording = await evidence.recorder.open({ facts, body: wholeBody(bytes, spans) })
  recording.answerHead({ status: 200, headers: [] }, 'upstream', performance.now())
  for (let piece = 0; piece < 2; piece += 1) {
    recording.answerChunk(Buffer.from(`piece ${piece} of answer ${n}`), performance.now())
    await recording.durable()
  }
  await recording.close(closingFacts())
  return facts.id
}

export const erasure = (id: string): EvidenceEvent => ({
  type: 'record.erased',
  atMs: Date.now(),
  actor: 'per_1',
  details: {},
  records: [id],
})

export async function verify(
  folder: string,
  options: {
    readonly policy?: Policy
    readonly known?: readonly Buffer[]
    readonly open?: boolean
  } = {},
): Promise<FolderReport> {
  return verifyFolder({
    disk: nodeDisk,
    folder,
    policy: options.policy ?? null,
    known: options.known ?? [],
    provider: options.open === true ? await openLocalKeyProvider(join(folder, 'keys')) : null,
    nowS: Math.floor(Date.now() / 1000),
  })
}

export const flip = (at: number) => (bytes: Buffer) => {
  bytes[at < 0 ? bytes.length + at : at]! ^= 0x10
}
export const shifted =
  (from: number) =>
  (leaf: Leaf): Leaf =>
    leaf.opening !== null && leaf.opening > from ? { ...leaf, opening: leaf.opening - 1 } : leaf
export const refsWithin = (leaf: Leaf, at: number): Leaf =>
  leaf.opening !== null && leaf.opening >= at ? { ...leaf, opening: at - 1 } : leaf
