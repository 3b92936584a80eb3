/** Holds the headers of segments, and the files with their keys beside them, against what the log says of them. */
import { hash } from 'node:crypto'
import type { Disk } from '../disk.ts'
import { readSegmentKeysFile } from '../keyring/segment-keys.ts'
import type { Leaf } from '../log/leaf.ts'
import { headerDigest, isInstanceId, type SegmentHeader } from '../segment-format.ts'

export interface SegmentProblem {
  readonly kind:
    /** Keys, times or what it says of the segment before it are others than were logged. */
    | 'header-altered'
    | 'header-without-leaf'
    /** The keys that a rotation of the root key wrapped anew. */
    | 'keys-file-altered'
    | 'keys-file-missing'
    | 'keys-file-without-leaf'
  /** `<instance>/<segment>` */
  readonly segment: string
}

export interface SegmentAuditState {
  readonly begun: ReadonlyMap<string, string>
  readonly rewrapped: ReadonlyMap<string, string>
  readonly headers: ReadonlyMap<string, string>
}

export class SegmentAudit {
  /** Digest of the header by segment, as the log has it; empty when the log contradicts itself. */
  readonly #begun: Map<string, string>
  readonly #rewrapped: Map<string, string>
  /** As it lies there. */
  readonly #headers: Map<string, string>

  constructor(state: SegmentAuditState | null) {
    this.#begun = new Map(state?.begun)
    this.#rewrapped = new Map(state?.rewrapped)
    this.#headers = new Map(state?.headers)
  }

  save(): SegmentAuditState {
    return { begun: this.#begun, rewrapped: this.#rewrapped, headers: this.#headers }
  }

  leaf({ kind, segment, storedDigest }: Leaf): void {
    if (segment === null) return
    const digest = storedDigest ?? ''
    if (kind === 'segment.rewrapped') this.#rewrapped.set(segment, digest)
    // A crash may have made the same leaf twice.
    if (kind === 'segment.begun')
      this.#begun.set(segment, (this.#begun.get(segment) ?? digest) === digest ? digest : '')
  }

  header(header: SegmentHeader): void {
    this.#headers.set(`${header.instance}/${header.segment}`, headerDigest(header))
  }

  /** `last`: the newest segment that a frame's leaf names; what comes behind it may have no leaf yet. */
  async end(
    disk: Disk,
    folder: string,
    last: { readonly instance: string; readonly segment: number } | null,
  ): Promise<readonly SegmentProblem[]> {
    const problems: SegmentProblem[] = []
    for (const [segment, digest] of this.#headers) {
      const logged = this.#begun.get(segment)
      if (logged === undefined) {
        if (!isBehind(segment, last)) problems.push({ kind: 'header-without-leaf', segment })
      } else if (logged !== digest) problems.push({ kind: 'header-altered', segment })
      const kind = await this.#keysFault(disk, folder, segment)
      if (kind !== null) problems.push({ kind, segment })
    }
    return problems
  }

  async #keysFault(disk: Disk, folder: string, segment: string) {
    const place = placeOf(segment)
    const bytes = place === null ? null : await readSegmentKeysFile(disk, folder, place)
    const logged = this.#rewrapped.get(segment)
    if (bytes === null) return logged === undefined ? null : 'keys-file-missing'
    if (logged === undefined) return 'keys-file-without-leaf'
    return hash('sha256', bytes, 'hex') === logged ? null : 'keys-file-altered'
  }
}

function placeOf(text: string) {
  const [instance = '', segment] = text.split('/')
  return isInstanceId(instance) ? { instance, segment: Number(segment) } : null
}

function isBehind(
  segment: string,
  last: { readonly instance: string; readonly segment: number } | null,
): boolean {
  const place = placeOf(segment)
  if (last === null || place === null) return true
  if (place.instance !== last.instance) return place.instance > last.instance
  return place.segment > last.segment
}
