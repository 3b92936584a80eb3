/** Holds the frames of a folder against the leaves of its log, in one walk over both, without keys. */
import { idTimeMs } from '../../lib/ids.ts'
import type { FrameAddress } from '../../model/record.ts'
import { isBefore, parsePlace, placeText } from '../log/frame-place.ts'
import { partsDigest, type Leaf } from '../log/leaf.ts'
import { frameDigest, isBlanked, type FrameType } from '../segment-format.ts'
import type { ScannedDamage } from '../segment-scan.ts'
import type { Walked, WalkedFrame } from './frame-batches.ts'
import type { RecordLedger, RecordProblem } from './record-ledger.ts'

/** Says whether the plain payload of a frame is what the leaf commits to; null when it is. */
export type PlainCheck = (leaf: Leaf, frame: WalkedFrame) => Promise<string | null>

const TYPE_OF: ReadonlyMap<Leaf['kind'], FrameType> = new Map([
  ['exchange.opened', 'opening'],
  ['exchange.refused', 'refusal'],
  ['exchange.closed', 'closing'],
])

/** From the birth of a run to the leaf of its first frame, however busy the machine is. */
const FIRST_LEAF_MS_MAX = 60_000

/** Reasons of the scan that mean: there is nothing any more, rather than something else. */
const GONE = /missing|zeros|cut short/

/** A damage of no length is one of the whole segment. */
function endOf({ address, bytes }: ScannedDamage): FrameAddress {
  return { ...address, offset: bytes === 0 ? Number.MAX_SAFE_INTEGER : address.offset + bytes }
}

/** Frames of a request or an answer that wait for the closing of their exchange. */
interface Stream {
  /** Of the first. */
  readonly address: FrameAddress
  readonly digests: string[]
  erased: boolean
}

const newStream = (address: FrameAddress): Stream => ({ address, digests: [], erased: false })
const NO_PARTS = { digests: [], erased: false } as const

/** Where the walk over frames stands, right behind a leaf. */
export interface FrameAuditState {
  readonly last: FrameAddress | null
  readonly damages: readonly ScannedDamage[]
  readonly ahead: string
  readonly aheadDigests: readonly string[]
  readonly aheadErased: boolean
  readonly streams: ReadonlyMap<string, Stream>
}

export class FrameAudit {
  readonly ledger: RecordLedger
  readonly #batches: AsyncIterator<readonly Walked[], void>
  #batch: readonly Walked[] = []
  #at = 0
  #ended = false
  #last: FrameAddress | null
  #damages: ScannedDamage[]
  /** What comes up to here was looked at by an earlier run. */
  readonly #seen: FrameAddress | null
  /** Blocks and lists that wait for what they belong to. */
  #ahead: WalkedFrame['head']['record']
  #aheadDigests: string[]
  #aheadErased: boolean
  readonly #checkPlain: PlainCheck | null
  #checking: Promise<void> | null = null
  readonly #streams: Map<string, Stream>

  /** With a state, `batches` begin at its last frame. */
  constructor(
    batches: AsyncIterable<readonly Walked[]>,
    ledger: RecordLedger,
    checkPlain: PlainCheck | null,
    state: FrameAuditState | null = null,
  ) {
    this.#batches = batches[Symbol.asyncIterator]()
    this.#checkPlain = checkPlain
    this.ledger = ledger
    this.#seen = state?.last ?? null
    this.#last = this.#seen
    this.#damages = [...(state?.damages ?? [])]
    this.#ahead = state?.ahead ?? ''
    this.#aheadDigests = [...(state?.aheadDigests ?? [])]
    this.#aheadErased = state?.aheadErased ?? false
    this.#streams = new Map(state?.streams)
  }

  /** The newest frame that a leaf named. */
  get last(): FrameAddress | null {
    return this.#last
  }

  save(): FrameAuditState {
    return {
      last: this.#last,
      damages: this.#damages,
      ahead: this.#ahead,
      aheadDigests: this.#aheadDigests,
      aheadErased: this.#aheadErased,
      streams: this.#streams,
    }
  }

  /** Null when all that it needs was read already. */
  leaf(leaf: Leaf): Promise<void> | null {
    this.ledger.leaf(leaf)
    if (leaf.frame === null) return null
    const place = parsePlace(leaf.frame)
    if (this.#last !== null && !isBefore(this.#last, place)) {
      this.#report(leaf, 'leaf-out-of-order', 'its frame comes before that of an earlier leaf')
      return null
    }
    this.#last = place
    if (this.#advance(place)) {
      this.#judge(leaf, place)
      const checking = this.#checking
      this.#checking = null
      return checking
    }
    return this.#read(leaf, place)
  }

  /**
   * Returns how many frames stand behind the last that the log names: their leaves come with the next checkpoint, or after a
   * crash at the next start. When the gateway was stopped in good order there can be none, and of a run that began well before
   * the last leaf neither: a folder has one writer, whose first act is logged within a second. So nothing was recorded long after
   * the birth of a run that no leaf knows, unless by another gateway, whose log this is not.
   */
  async end(isStopped: boolean, lastLeafS: number): Promise<number> {
    let behind = 0
    const strange = new Map<string, WalkedFrame>()
    const newest = this.#last?.instance ?? ''
    const isLate = ({ address: { instance }, head }: WalkedFrame): boolean => {
      if (instance === newest) return isStopped
      const loggedByMs = idTimeMs(instance) + FIRST_LEAF_MS_MAX
      return loggedByMs < lastLeafS * 1000 || loggedByMs < idTimeMs(head.record)
    }
    for (;;) {
      for (; this.#at < this.#batch.length; this.#at += 1) {
        const found = this.#batch[this.#at]
        if (found?.kind === 'damage') this.#damages.push(found)
        if (found?.kind !== 'frame') continue
        behind += 1
        const { instance } = found.address
        if (!strange.has(instance) && isLate(found)) strange.set(instance, found)
      }
      if (!(await this.#next())) break
    }
    for (const frame of strange.values()) this.#stray(frame)
    for (const [record, { address }] of this.#streams)
      if (address.instance < newest || (address.instance === newest && isStopped))
        this.ledger.problem({ kind: 'frame-without-leaf', record, frame: placeText(address) })
    for (const { address, bytes, reason } of this.#damages)
      this.ledger.problem({ kind: 'damage', frame: placeText(address), bytes, reason })
    return behind
  }

  async #read(leaf: Leaf, place: FrameAddress): Promise<void> {
    while ((await this.#next()) && !this.#advance(place));
    this.#judge(leaf, place)
    await this.#checking
    this.#checking = null
  }

  async #next(): Promise<boolean> {
    if (this.#ended) return false
    const next = await this.#batches.next()
    this.#at = 0
    if (next.done === true) {
      this.#ended = true
      this.#batch = []
      return false
    }
    const seen = this.#seen
    this.#batch =
      seen === null ? next.value : next.value.filter(({ address }) => isBefore(seen, address))
    return true
  }

  /** Takes frames up to `place`; false when the batch ends before it. */
  #advance(place: FrameAddress): boolean {
    for (; this.#at < this.#batch.length; this.#at += 1) {
      const found = this.#batch[this.#at]
      if (found === undefined) break
      if (found.kind === 'damage') {
        if (isBefore(place, found.address)) return true
        this.#damages.push(found)
        continue
      }
      if (!isBefore(found.address, place)) return true
      this.#pass(found)
    }
    return this.#ended
  }

  /** A frame that has no leaf of its own. */
  #pass(frame: WalkedFrame): void {
    const { head } = frame
    switch (head.type) {
      case 'block':
      case 'list':
        if (this.#ahead !== head.record) this.#startAhead(head.record)
        this.#checkBlank(frame)
        this.#aheadDigests.push(frameDigest(frame.bytes))
        this.#aheadErased ||= head.erased
        return
      case 'request':
      case 'answer': {
        const stream = this.#streams.get(head.record) ?? newStream(frame.address)
        this.#checkBlank(frame)
        stream.digests.push(frameDigest(frame.bytes))
        stream.erased ||= head.erased
        this.#streams.set(head.record, stream)
        return
      }
      case 'opening':
      case 'closing':
      case 'refusal':
      case 'event':
        this.#stray(frame)
    }
  }

  #checkBlank({ head, bytes, address }: WalkedFrame): void {
    if (head.erased && !isBlanked(bytes)) this.ledger.notBlank(head.record, placeText(address))
  }

  #startAhead(record: string): void {
    if (this.#aheadDigests.length > 0)
      this.ledger.problem({ kind: 'blocks-without-leaf', record: this.#ahead })
    this.#ahead = record
    this.#aheadDigests = []
    this.#aheadErased = false
  }

  #stray({ head, address }: WalkedFrame): void {
    const frame = placeText(address)
    this.ledger.problem({ kind: 'frame-without-leaf', record: head.record, frame })
  }

  #judge(leaf: Leaf, place: FrameAddress): void {
    const found = this.#batch[this.#at]
    const isThere = found?.kind === 'frame' && !isBefore(place, found.address)
    if (leaf.kind === 'blocks.stored') {
      if (isThere && found.kind === 'frame') {
        this.#at += 1
        this.#pass(found)
      }
      this.#judgeParts(leaf, this.#takeAhead(leaf.record ?? ''))
    } else {
      if (isThere && found.kind === 'frame') {
        this.#at += 1
        this.#compare(leaf, found)
      } else this.#absent(leaf, place)
      const parts =
        leaf.kind === 'exchange.closed'
          ? this.#takeStream(leaf.record ?? '')
          : this.#takeAhead(leaf.record ?? '')
      this.#judgeParts(leaf, parts)
    }
    this.#damages = this.#damages.filter((damage) => !isBefore(endOf(damage), place))
    const judged = (): void => this.ledger.judged(leaf)
    // What the plain payload says belongs to the same record.
    if (this.#checking === null) judged()
    else this.#checking = this.#checking.then(judged)
  }

  #compare(leaf: Leaf, frame: WalkedFrame): void {
    const { head, bytes } = frame
    const isOther = head.record !== leaf.record || head.type !== (TYPE_OF.get(leaf.kind) ?? 'event')
    // Of an erased frame the digest is what stands there, so its head has to be looked at by itself.
    if (frameDigest(bytes) === leaf.storedDigest && !(head.erased && isOther)) {
      this.#checkBlank(frame)
      if (head.erased) this.ledger.sawErased(leaf)
      else if (this.#checkPlain !== null) this.#checking = this.#open(this.#checkPlain, leaf, frame)
      return
    }
    if (isOther) this.#report(leaf, 'frame-swapped', `a frame of ${head.record} stands there`)
    else this.#report(leaf, 'frame-altered', 'its digest is another')
  }

  async #open(check: PlainCheck, leaf: Leaf, frame: WalkedFrame): Promise<void> {
    const fault = await check(leaf, frame)
    if (fault !== null) this.#report(leaf, 'plaintext-differs', fault)
  }

  #absent(leaf: Leaf, place: FrameAddress): void {
    const here = this.#damages.filter(
      (damage) => !isBefore(place, damage.address) && isBefore(place, endOf(damage)),
    )
    const altered = here.find(({ reason }) => !GONE.test(reason))
    if (altered !== undefined) this.#report(leaf, 'frame-altered', altered.reason)
    else this.#report(leaf, 'frame-missing', here[0]?.reason ?? 'there is no frame')
  }

  #judgeParts(
    leaf: Leaf,
    parts: { readonly digests: readonly string[]; readonly erased: boolean },
  ) {
    if (partsDigest(parts.digests) === leaf.partsDigest) {
      if (parts.erased) this.ledger.sawErased(leaf)
      return
    }
    const damage = this.#damages[0]
    if (damage !== undefined && !GONE.test(damage.reason))
      this.#report(leaf, 'parts-altered', damage.reason)
    else if (damage !== undefined || parts.digests.length === 0)
      this.#report(leaf, 'parts-missing', damage?.reason ?? 'its other frames are not there')
    else this.#report(leaf, 'parts-altered', 'the digest over its other frames is another')
  }

  #takeAhead(record: string) {
    if (this.#ahead !== record) this.#startAhead(record)
    const taken = { digests: this.#aheadDigests, erased: this.#aheadErased }
    this.#aheadDigests = []
    this.#startAhead('')
    return taken
  }

  #takeStream(record: string) {
    const stream = this.#streams.get(record) ?? NO_PARTS
    this.#streams.delete(record)
    return stream
  }

  #report(leaf: Leaf, kind: RecordProblem['kind'], reason: string): void {
    const { record, sequence: index, frame } = leaf
    this.ledger.found(leaf, { kind, record: record ?? '', index, frame: frame ?? '', reason })
  }
}
