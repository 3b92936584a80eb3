/** Makes bundles of recorded exchanges, takes them apart, and checks them as somebody outside does. */
import { checkBundle, type BundleTrust } from '../../src/evidence/bundle/check-bundle.ts'
import type { BundleHead } from '../../src/evidence/bundle/manifest.ts'
import { readBundle } from '../../src/evidence/bundle/read-bundle.ts'
import { readTar, TAR_END, tarHeader, tarPadding } from '../../src/evidence/bundle/tar.ts'
import { openProofDesk } from '../../src/evidence/proof-desk.ts'
import { exportBundle } from '../../src/incident/export/bundle-export.ts'
import { sealed } from '../../src/incident/export/seal.ts'
import { recordedAnswer } from '../../src/app/recorded-answer.ts'
import { newControlId } from '../../src/lib/ids.ts'
import type { TestEvidence } from './evidence.ts'

export const headOf = (
  exchanges: readonly string[],
  changes: Partial<BundleHead> = {},
): BundleHead => ({
  id: newControlId('bn', Date.now()),
  exhibit: 'A-1',
  case: null,
  createdAtMs: Date.now(),
  tool: { name: 'custody', version: '0' },
  exporter: { person: 'per_1', login: 'ada', roles: ['investigator'], authentication: 'token' },
  reason: 'the regulator asked',
  approvals: [],
  selection: { kind: 'exchanges', exchanges, query: null },
  content: 'raw',
  recipients: [],
  ...changes,
})

async function collect(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

export async function bundleOf(
  opened: TestEvidence,
  head: BundleHead,
  cosign: () => Promise<void> = async () => {},
): Promise<Buffer> {
  const { evidence, store } = opened
  await evidence.flush()
  const sources = {
    index: store.index,
    reader: evidence.reader,
    files: evidence.files,
    readAnswer: recordedAnswer,
    openProofs: () => openProofDesk(evidence.log, cosign),
  }
  const formats = ['har', 'warc', 'jsonl', 'csv'] as const
  const write = async (sink: (bytes: Buffer) => Promise<void>): Promise<void> =>
    void (await exportBundle(sources, { head, formats }, sink))
  return collect(await sealed(head.recipients, write))
}

async function* whole(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield bytes
}

export async function filesIn(bytes: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for await (const { name, content } of readTar(whole(bytes))) {
    const parts: Buffer[] = []
    for await (const part of content) parts.push(part)
    files.set(name, Buffer.concat(parts))
  }
  return files
}

export const pack = (files: ReadonlyMap<string, Buffer>): Buffer =>
  Buffer.concat([
    ...[...files].flatMap(([name, content]) => [
      tarHeader(name, content.length, 0),
      content,
      tarPadding(content.length),
    ]),
    TAR_END,
  ])

export async function check(opened: TestEvidence, bytes: Buffer, trust?: BundleTrust) {
  const [key] = opened.evidence.log.keys.verifiers
  return checkBundle(await readBundle(whole(bytes)), key!, trust)
}
