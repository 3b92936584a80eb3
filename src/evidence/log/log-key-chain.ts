/** Which keys speak for a log: those that the verifier trusts, those that they handed over to, and none that was revoked. */
import { hash } from 'node:crypto'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import type { Leaf } from './leaf.ts'
import { openRevocation, openRotation, openRotationBack, type Revocation } from './log-keys.ts'
import { keyIdText, type NoteKey } from './note-key.ts'
import type { TileStore } from './tiles.ts'

export type KeyProblem =
  | { readonly kind: 'rotation-refused'; readonly number: number }
  /** The log says that a key handed over, and the note with both signatures is not there. */
  | { readonly kind: 'rotation-missing'; readonly index: number }
  | { readonly kind: 'revocation-refused'; readonly number: number }
  | { readonly kind: 'revocation-missing'; readonly index: number }
  /** A note that would make a key speak for the log, and the log never said so: whoever has an old key can write one. */
  | { readonly kind: 'key-note-without-leaf'; readonly note: string }
  /** A checkpoint by a key after it had handed over: somebody else has it. */
  | { readonly kind: 'retired-key-used'; readonly key: string; readonly size: number }
  /** The same, by a key that was revoked. */
  | { readonly kind: 'revoked-key-used'; readonly key: string; readonly size: number }

export interface KeyChainState {
  readonly firstUse: ReadonlyMap<string, number>
  readonly announced: readonly {
    readonly index: number
    readonly digest: string
    readonly kind: string
  }[]
}

export class KeyChain {
  /** Those that are trusted and those that they handed over to: they may sign the newest checkpoint. */
  readonly keys: readonly NoteKey[]
  /** With those that a trusted key took over from, oldest first: what came before was theirs to sign. */
  readonly all: readonly NoteKey[]
  readonly problems: readonly KeyProblem[]
  readonly #revocations: readonly Revocation[]
  /** Names of the notes that lie beside the log, by their digests. */
  readonly #notes: ReadonlyMap<string, string>
  /** Index of the first leaf under each key. */
  readonly #firstUse = new Map<string, number>()
  readonly #announced: { index: number; digest: string; kind: string }[] = []

  private constructor(parts: {
    readonly keys: readonly NoteKey[]
    readonly elders: readonly NoteKey[]
    readonly problems: readonly KeyProblem[]
    readonly revocations: readonly Revocation[]
    readonly notes: ReadonlyMap<string, string>
  }) {
    this.keys = parts.keys
    this.all = [...parts.elders, ...parts.keys]
    this.problems = parts.problems
    this.#revocations = parts.revocations
    this.#notes = parts.notes
  }

  static async read(
    store: Pick<TileStore, 'read'>,
    trusted: readonly NoteKey[],
  ): Promise<KeyChain> {
    const problems: KeyProblem[] = []
    const rotations = await numbered(store, 'rotation')
    const keys = [...trusted]
    const elders: NoteKey[] = []
    const has = (key: NoteKey): boolean =>
      [...elders, ...keys].some((one) => one.publicBytes.equals(key.publicBytes))
    // Back from a newer key that is trusted by itself to those that it took over from, then forward.
    for (const note of rotations.toReversed()) {
      const known = [...elders, ...keys]
      const older = known.map((key) => openRotationBack(note, key)).find((key) => key !== null)
      if (older !== undefined && !has(older)) elders.unshift(older)
    }
    for (const [at, note] of rotations.entries()) {
      const next = keys.map((key) => openRotation(note, key)).find((key) => key !== null)
      const isBefore = elders.some((key) => openRotation(note, key) !== null)
      if (next === undefined && !isBefore)
        problems.push({ kind: 'rotation-refused', number: at + 1 })
      else if (next !== undefined && !has(next)) keys.push(next)
    }
    const revocations: Revocation[] = []
    const revoking = await numbered(store, 'revocation')
    for (const [at, note] of revoking.entries()) {
      const revocation = openRevocation(note, keys)
      if (revocation === null) problems.push({ kind: 'revocation-refused', number: at + 1 })
      else revocations.push(revocation)
    }
    const named = (kind: string) => (note: Buffer, at: number) =>
      [hash('sha256', note, 'hex'), `${kind}.${at + 1}`] as const
    const notes = new Map([
      ...rotations.map(named('rotation')),
      ...revoking.map(named('revocation')),
    ])
    return new KeyChain({ keys, elders, problems, revocations, notes })
  }

  save(): KeyChainState {
    return { firstUse: this.#firstUse, announced: this.#announced }
  }

  restore({ firstUse, announced }: KeyChainState): void {
    for (const [key, index] of firstUse) this.#firstUse.set(key, index)
    this.#announced.push(...announced)
  }

  leaf({ kind, logKey, sequence, storedDigest }: Leaf): void {
    if (!this.#firstUse.has(logKey)) this.#firstUse.set(logKey, sequence)
    if (kind === 'log-key.rotated' || kind === 'log-key.revoked')
      this.#announced.push({ index: sequence, digest: storedDigest ?? '', kind })
  }

  /** Call after the last leaf, with every checkpoint that is taken for one of this log. */
  judge(checkpoints: readonly Buffer[], isLive: boolean): readonly KeyProblem[] {
    const problems: KeyProblem[] = []
    const announced = new Set(this.#announced.map(({ digest }) => digest))
    // Of one that is being made the note comes first.
    for (const [digest, note] of isLive ? [] : this.#notes)
      if (!announced.has(digest)) problems.push({ kind: 'key-note-without-leaf', note })
    for (const { index, digest, kind } of this.#announced)
      if (!this.#notes.has(digest))
        problems.push({
          kind: kind === 'log-key.rotated' ? 'rotation-missing' : 'revocation-missing',
          index,
        })
    for (const note of checkpoints) {
      const signed = this.all.flatMap((key) => {
        const opened = openCheckpoint(note, [key])
        return opened.kind === 'ok' ? [{ key, checkpoint: opened.checkpoint }] : []
      })
      const faults = signed.map(({ key, checkpoint }) => this.#fault(key, checkpoint))
      // Signed by a key that may, it does not matter who else signed.
      if (faults.every((fault) => fault !== null))
        problems.push(...faults.filter((fault) => fault !== null))
    }
    return problems
  }

  #fault(key: NoteKey, { size }: Checkpoint): KeyProblem | null {
    const revocation = this.#revocations.find((one) => one.key.publicBytes.equals(key.publicBytes))
    const said = { key: keyIdText(key), size }
    const isLate = size > this.#handedOverAt(key)
    if (revocation !== undefined && (isLate || size > revocation.size))
      return { kind: 'revoked-key-used', ...said }
    return isLate ? { kind: 'retired-key-used', ...said } : null
  }

  /** Trees of more leaves are the next key's to sign: its first leaf says when it took over. */
  #handedOverAt(key: NoteKey): number {
    const place = this.all.findIndex((one) => one.publicBytes.equals(key.publicBytes))
    const later = this.all.slice(place + 1).map((one) => this.#firstUse.get(keyIdText(one)))
    return Math.min(...later.filter((index) => index !== undefined), Number.MAX_SAFE_INTEGER)
  }
}

async function numbered(store: Pick<TileStore, 'read'>, name: string): Promise<readonly Buffer[]> {
  const notes: Buffer[] = []
  for (;;) {
    const note = await store.read(`${name}.${notes.length + 1}`)
    if (note === null) return notes
    notes.push(note)
  }
}
