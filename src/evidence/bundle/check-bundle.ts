/** Checks a bundle that was read: signature, keys, proofs, and that payloads are what the log committed to. */
import { openCheckpoint } from '../log/checkpoint.ts'
import { leafHash } from '../log/merkle.ts'
import { verifyInclusion } from '../log/merkle-proof.ts'
import { parseLeaf, type Leaf } from '../log/leaf.ts'
import { openRotation } from '../log/log-keys.ts'
import type { NoteKey } from '../log/note-key.ts'
import { openNote } from '../log/note.ts'
import { evaluatePolicy, type PolicyQuestion } from '../log/policy.ts'
import { parseProofFile } from '../log/proof-file.ts'
import { readClosing, readOpening } from '../payloads.ts'
import type { BundleItem, ItemState } from './manifest.ts'
import { manifestNote } from './manifest.ts'
import type { BundleReading } from './read-bundle.ts'

export type ItemVerdict = 'verified' | 'proven' | 'erased as recorded' | 'missing' | 'altered'

export interface CheckedItem {
  readonly exchange: string
  /** `proven`: in the log, its text not in this bundle. */
  readonly verdict: ItemVerdict
  readonly problems: readonly string[]
}

export interface BundleReport {
  readonly id: string
  readonly items: readonly CheckedItem[]
  readonly events: number
  /** Of the bundle as a whole; empty when it is as it was signed. */
  readonly problems: readonly string[]
}

const MISSING: Readonly<Record<ItemState, ItemVerdict>> = {
  recorded: 'verified',
  open: 'missing',
  erased: 'erased as recorded',
  unreadable: 'missing',
  'not-found': 'missing',
}

/** Which witnesses must have signed the checkpoint, before when. */
export type BundleTrust = Omit<PolicyQuestion, 'note'>

/** `trusted`: the log key that the verifier got on a way of its own, not from the bundle. */
export function checkBundle(
  reading: BundleReading,
  trusted: NoteKey,
  trust: BundleTrust | null = null,
): BundleReport {
  return new Checker(reading, trusted, trust).report()
}

class Checker {
  readonly #reading: BundleReading
  readonly #keys: readonly NoteKey[]
  readonly #problems: string[]
  readonly #head: { readonly size: number; readonly root: Buffer } | null

  constructor(reading: BundleReading, trusted: NoteKey, trust: BundleTrust | null) {
    this.#reading = reading
    this.#problems = [...reading.problems]
    this.#keys = this.#chain(trusted)
    const { manifest, manifestBytes, signature } = reading
    const signed = openNote(signature, this.#keys)
    if (signed.kind === 'refused') this.#problems.push(`the manifest: ${signed.reason}`)
    else if (signed.note.text !== manifestNote(manifest.id, manifestBytes))
      this.#problems.push('the signature is of another manifest')
    this.#head = this.#checkpoint(trust)
  }

  report(): BundleReport {
    const { manifest, files } = this.#reading
    const erased = new Set<string>()
    let events = 0
    for (const path of files.keys()) {
      const match = /^custody\/(ev_[0-9a-z]{26})\.leaf$/.exec(path)
      if (match === null) continue
      events += 1
      const at = `custody/${match[1]}`
      const { leaf, problem } = this.#leaf(at, null)
      if (leaf === null) this.#problems.push(`${at}: ${problem}`)
      else if (this.#sha(`${at}.payload`) !== leaf.plaintextCommitment)
        this.#problems.push(`${at}.payload is not what the log committed to`)
      else if (leaf.kind === 'record.erased') for (const id of leaf.records) erased.add(id)
    }
    const items = manifest.items.map((item) => this.#item(item, erased))
    if (new Set(items.map(({ exchange }) => exchange)).size < items.length)
      this.#problems.push('an exchange is in the bundle twice')
    return { id: manifest.id, items, events, problems: this.#problems }
  }

  /** From the trusted key on, through the hand-overs that the bundle holds. */
  #chain(trusted: NoteKey): readonly NoteKey[] {
    const keys = [trusted]
    for (let number = 1; number < 1000; number += 1) {
      const note = this.#content(`log/rotation.${number}`)
      if (note === null) break
      const last = keys.at(-1)
      const next = last === undefined ? null : openRotation(note, last)
      // Hand-overs before the trusted key are not its business.
      if (next !== null) keys.push(next)
    }
    return keys
  }

  #checkpoint(trust: BundleTrust | null): { readonly size: number; readonly root: Buffer } | null {
    const { manifest } = this.#reading
    if (manifest.log === null) {
      this.#problems.push('the bundle holds no log: nothing in it is proven')
      return null
    }
    const note = this.#content('log/checkpoint')
    if (note === null) {
      this.#problems.push('log/checkpoint is missing')
      return null
    }
    const opened = openCheckpoint(note, this.#keys)
    if (opened.kind === 'refused') {
      this.#problems.push(`log/checkpoint: ${opened.reason}`)
      return null
    }
    if (trust !== null) {
      // A key that took over from the one in the policy speaks for the log too.
      const logs = this.#keys.map((key) => ({ key, url: null }))
      const verdict = evaluatePolicy({ ...trust, policy: { ...trust.policy, logs }, note })
      if (verdict.kind === 'refused') this.#problems.push(`log/checkpoint: ${verdict.reason}`)
    }
    return opened.checkpoint
  }

  #item(item: BundleItem, erased: ReadonlySet<string>): CheckedItem {
    const { exchange, state } = item
    const problems: string[] = []
    const at = `exchanges/${exchange}`
    const needsLeaf = state === 'recorded' || item.opened !== null
    const opening = needsLeaf ? this.#record(`${at}/opened`, item.opened, exchange, problems) : null
    const closing =
      item.closed === null || item.closed === item.opened
        ? null
        : this.#record(`${at}/closed`, item.closed, exchange, problems)
    if (state === 'erased' && !erased.has(exchange))
      problems.push('no event in the log says that it was erased')
    if (state !== 'recorded') {
      const verdict = problems.length > 0 && state === 'erased' ? 'missing' : MISSING[state]
      return { exchange, verdict, problems }
    }
    if (opening === null) return { exchange, verdict: 'altered', problems }
    problems.push(...mismatch(at, opening, closing, item))
    if (this.#reading.manifest.content === 'raw') {
      this.#payload(`${at}/opening.payload`, opening, problems)
      if (closing !== null) this.#payload(`${at}/closing.payload`, closing, problems)
      problems.push(...this.#bodies(at))
      return { exchange, verdict: problems.length === 0 ? 'verified' : 'altered', problems }
    }
    return { exchange, verdict: problems.length === 0 ? 'proven' : 'altered', problems }
  }

  #record(at: string, index: number | null, exchange: string, problems: string[]): Leaf | null {
    if (index === null) {
      problems.push(`${at}: the bundle names no leaf`)
      return null
    }
    const { leaf, problem } = this.#leaf(at, index)
    if (leaf === null) problems.push(`${at}: ${problem}`)
    else if (leaf.record !== exchange) {
      problems.push(`${at}: the leaf is of another record`)
      return null
    }
    return leaf
  }

  #leaf(
    at: string,
    index: number | null,
  ): { readonly leaf: Leaf | null; readonly problem: string } {
    const none = (problem: string) => ({ leaf: null, problem })
    const entry = this.#content(`${at}.leaf`)
    const proofBytes = this.#content(`${at}.tlog-proof`)
    if (entry === null || proofBytes === null) return none('the leaf or its proof is missing')
    const reading = parseLeaf(entry)
    if (reading.kind === 'refused') return none(reading.reason)
    const proof = parseProofFile(proofBytes)
    if (proof.kind === 'refused') return none(proof.reason)
    const { leaf } = reading
    const isNamed = index === null || index === leaf.sequence
    if (!isNamed || proof.proof.index !== leaf.sequence) return none('the leaf has another index')
    if (this.#head === null) return none('there is no checkpoint to prove it under')
    const { size, root } = this.#head
    return verifyInclusion(leafHash(entry), leaf.sequence, size, proof.proof.hashes, root)
      ? { leaf, problem: '' }
      : none('the leaf does not stand in the log')
  }

  #payload(path: string, leaf: Leaf, problems: string[]): void {
    if (this.#sha(path) !== leaf.plaintextCommitment)
      problems.push(`${path} is not what the log committed to`)
  }

  #bodies(at: string): readonly string[] {
    const problems: string[] = []
    const opening = this.#content(`${at}/opening.payload`)
    const closing = this.#content(`${at}/closing.payload`)
    if (opening === null) return [`${at}/opening.payload is missing`]
    const { body } = readOpening(opening).head
    if (body.kind === 'whole' && body.bytes > 0 && this.#sha(`${at}/request.bin`) !== body.sha256)
      problems.push(`${at}/request.bin is not what was received`)
    if (closing === null) return problems
    const { request, answer } = readClosing(closing).head
    if (request.bytes > 0 && this.#sha(`${at}/request.bin`) !== request.sha256)
      problems.push(`${at}/request.bin is not what was received`)
    if (answer.bytes > 0 && this.#sha(`${at}/answer.bin`) !== answer.sha256)
      problems.push(`${at}/answer.bin is not what was received`)
    return problems
  }

  #content(path: string): Buffer | null {
    return this.#reading.files.get(path)?.content ?? null
  }

  #sha(path: string): string | null {
    return this.#reading.files.get(path)?.sha256 ?? null
  }
}

/** Threat: whoever signs leaves the answer out, or passes another leaf of the exchange off as its end. */
function mismatch(
  at: string,
  opening: Leaf,
  closing: Leaf | null,
  { opened, closed }: BundleItem,
): readonly string[] {
  if (opening.kind === 'exchange.refused') return []
  if (opening.kind !== 'exchange.opened') return [`${at}/opened is no opening`]
  if (closed === null || closed === opened) return [`${at}: the bundle names no closing`]
  if (closing === null) return []
  return closing.kind === 'exchange.closed' && closing.opening === opened
    ? []
    : [`${at}/closed is not the end of what was opened`]
}
