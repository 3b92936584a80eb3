/** The file beside a segment with its epoch keys as a rotation of the root key wrapped them anew; frames and header stay. */
import { hash } from 'node:crypto'
import { isMissing } from '../../lib/error-code.ts'
import type { Disk } from '../disk.ts'
import type { SegmentIdentity, WrappedEpochKeys } from '../epoch-keys.ts'
import { writeOnce } from '../key-provider.ts'
import { segmentPath } from '../segment-scan.ts'

export interface SegmentKeys {
  readonly keys: WrappedEpochKeys
  /** SHA-256 of the file; the transparency log has it. */
  readonly digest: string
}

export const segmentKeysPath = (folder: string, { instance, segment }: SegmentIdentity): string =>
  segmentPath(folder, instance, segment).replace(/\.seg$/, '.keys')

interface KeysFile {
  readonly version: 1
  readonly provider: string
  /** Retention class and wrapped key in base64, in the order of the header. */
  readonly epochKeys: readonly (readonly [string, string])[]
}

const isPair = (value: unknown): value is readonly [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')

function isKeysFile(value: unknown): value is KeysFile {
  if (typeof value !== 'object' || value === null) return false
  if (!('version' in value) || value.version !== 1) return false
  if (!('provider' in value) || typeof value.provider !== 'string') return false
  return (
    'epochKeys' in value &&
    Array.isArray(value.epochKeys) &&
    value.epochKeys.every((x) => isPair(x))
  )
}

/** Null when the root key was not rotated since the segment was written. */
export async function readSegmentKeys(
  disk: Disk,
  folder: string,
  segment: SegmentIdentity,
): Promise<SegmentKeys | null> {
  const bytes = await readSegmentKeysFile(disk, folder, segment)
  if (bytes === null) return null
  const file: unknown = JSON.parse(bytes.toString('utf8'))
  if (!isKeysFile(file))
    throw new Error(`${segmentKeysPath(folder, segment)} is not a list of keys`)
  const epochKeys = file.epochKeys.map(([retentionClass, wrapped]) => ({
    retentionClass,
    wrapped: Buffer.from(wrapped, 'base64'),
  }))
  return { keys: { provider: file.provider, epochKeys }, digest: hash('sha256', bytes, 'hex') }
}

/** The bytes as they lie there; null when there is no such file. */
export async function readSegmentKeysFile(
  disk: Disk,
  folder: string,
  segment: SegmentIdentity,
): Promise<Buffer | null> {
  try {
    return await disk.readWhole(segmentKeysPath(folder, segment))
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Durable when it resolves. Returns the digest of the file. */
export async function writeSegmentKeys(
  disk: Disk,
  folder: string,
  segment: SegmentIdentity,
  { provider, epochKeys }: WrappedEpochKeys,
): Promise<string> {
  const file: KeysFile = {
    version: 1,
    provider,
    epochKeys: epochKeys.map(({ retentionClass, wrapped }) => [
      retentionClass,
      wrapped.toString('base64'),
    ]),
  }
  const bytes = Buffer.from(`${JSON.stringify(file)}\n`)
  await writeOnce(disk, segmentKeysPath(folder, segment), bytes)
  return hash('sha256', bytes, 'hex')
}
