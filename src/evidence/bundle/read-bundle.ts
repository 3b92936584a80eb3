/** Reads a bundle as a stream and says, by file, whether it is what its manifest says. Needs no keys of the gateway. */
import { createHash } from 'node:crypto'
import { MANIFEST, parseManifest, SIGNATURE, type Manifest } from './manifest.ts'
import { readTar } from './tar.ts'

/** Kept for the checks of proofs; bodies pass through and leave their digest. */
const KEPT_BYTES_MAX = 64 * 1024 * 1024
const KEPT =
  /(?:\.(?:json|jsonl|sig|leaf|tlog-proof|payload)|^log\/(?:checkpoint|keys|rotation\.\d+))$/

export interface ReadFile {
  readonly bytes: number
  readonly sha256: string
  /** Null for files that only their digest is kept of. */
  readonly content: Buffer | null
}

export interface BundleReading {
  readonly manifest: Manifest
  readonly manifestBytes: Buffer
  readonly signature: Buffer
  readonly files: ReadonlyMap<string, ReadFile>
  /** One sentence for each file that is not what the manifest says. */
  readonly problems: readonly string[]
}

/** `onBytes` hears how far it came. Throws when it is no bundle at all. */
export async function readBundle(
  source: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void = () => {},
): Promise<BundleReading> {
  const files = new Map<string, ReadFile>()
  const problems: string[] = []
  let seen = 0
  for await (const file of readTar(source)) {
    const digest = createHash('sha256')
    const isKept = KEPT.test(file.name) && file.size <= KEPT_BYTES_MAX
    const parts: Buffer[] = []
    for await (const part of file.content) {
      digest.update(part)
      if (isKept) parts.push(Buffer.from(part))
      seen += part.length
      onBytes(seen)
    }
    if (files.has(file.name)) throw new Error(`${file.name} is in the bundle twice`)
    const content = isKept ? Buffer.concat(parts) : null
    files.set(file.name, { bytes: file.size, sha256: digest.digest('hex'), content })
  }
  const manifestBytes = files.get(MANIFEST)?.content ?? null
  const signature = files.get(SIGNATURE)?.content ?? null
  if (manifestBytes === null || signature === null) throw new Error('the bundle has no manifest')
  if ([...files.keys()].at(-1) !== SIGNATURE || [...files.keys()].at(-2) !== MANIFEST)
    problems.push('files stand behind the manifest')
  const manifest = parseManifest(manifestBytes)
  problems.push(...compare(manifest, files))
  return { manifest, manifestBytes, signature, files, problems }
}

function compare(manifest: Manifest, files: ReadonlyMap<string, ReadFile>): readonly string[] {
  const problems: string[] = []
  const listed = new Set([MANIFEST, SIGNATURE])
  for (const { path, bytes, sha256 } of manifest.files) {
    if (listed.has(path)) problems.push(`${path} is listed twice`)
    listed.add(path)
    const file = files.get(path)
    if (file === undefined) problems.push(`${path} is missing`)
    else if (file.bytes !== bytes || file.sha256 !== sha256) problems.push(`${path} was altered`)
  }
  for (const path of files.keys()) if (!listed.has(path)) problems.push(`${path} is not listed`)
  return problems
}
