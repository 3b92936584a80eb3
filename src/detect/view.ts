/** The text as rules see it, with a monotone map back to the text as it was written. */
import { opensEscape, readEscape } from './decode-escape.ts'
import { foldCodePoint } from './fold-units.ts'

/** From `view` on, each unit is one unit of the raw text starting at `raw` — or, when `whole`, exactly `[raw, rawEnd)`. */
interface Anchor {
  readonly view: number
  readonly raw: number
  readonly rawEnd: number
  readonly whole: boolean
}

const HIGH_FIRST = 0xd800
const HIGH_LAST = 0xdbff
const LOW_LAST = 0xdfff

/**
 * Positions are absolute: they count from the start of the channel and stay valid when old text is dropped.
 * `push` turns raw units into view units and calls `unit` for each; an escape or surrogate pair that is not complete waits.
 */
export class View {
  text = ''
  /** Absolute view position of `text[0]`. */
  base = 0
  /** Raw units that have become view units (or were dropped as invisible). */
  consumed = 0
  #anchors: Anchor[] = []
  #pending = ''

  get end(): number {
    return this.base + this.text.length
  }

  /** Raw text that waits for its continuation. */
  get pending(): string {
    return this.#pending
  }

  /** Takes units that stand for themselves. */
  appendPlain(text: string): void {
    this.text += text
    this.consumed += text.length
  }

  /** Takes one raw unit that needs care; `unit` is called for each view unit that became certain. */
  append(raw: number, unit: (code: number) => void): void {
    const first = this.#pending.charCodeAt(0)
    if (this.#pending === '') {
      this.#begin(raw, unit)
    } else if (first >= HIGH_FIRST && first <= HIGH_LAST) {
      this.#pair(first, raw, unit)
    } else this.#escape(raw, unit)
  }

  #begin(raw: number, unit: (code: number) => void): void {
    if (opensEscape(raw) || (raw >= HIGH_FIRST && raw <= HIGH_LAST)) {
      this.#pending = String.fromCharCode(raw)
    } else if (raw < 128) this.#plain(raw, unit)
    else this.#folded(raw, 1, unit)
  }

  #pair(high: number, low: number, unit: (code: number) => void): void {
    this.#pending = ''
    if (low > HIGH_LAST && low <= LOW_LAST) {
      const codePoint = (high - HIGH_FIRST) * 0x400 + (low - HIGH_LAST - 1) + 0x10000
      this.#folded(codePoint, 2, unit)
      return
    }
    this.#plain(high, unit)
    this.#begin(low, unit)
  }

  #escape(raw: number, unit: (code: number) => void): void {
    const text = this.#pending + String.fromCharCode(raw)
    const step = readEscape(text)
    switch (step.kind) {
      case 'more':
        this.#pending = text
        return
      case 'unit':
        this.#pending = ''
        this.#folded(step.codePoint, text.length, unit)
        return
      case 'none': {
        const literal = this.#pending
        this.#pending = ''
        for (let i = 0; i < literal.length; i += 1) this.#plain(literal.charCodeAt(i), unit)
        this.#begin(raw, unit)
      }
    }
  }

  /** What waits cannot be completed any more: it stands for itself. */
  finish(unit: (code: number) => void): void {
    const literal = this.#pending
    this.#pending = ''
    for (let i = 0; i < literal.length; i += 1) this.#plain(literal.charCodeAt(i), unit)
  }

  #plain(code: number, unit: (code: number) => void): void {
    this.text += String.fromCharCode(code)
    this.consumed += 1
    unit(code)
  }

  #folded(codePoint: number, rawLength: number, unit: (code: number) => void): void {
    const ascii = codePoint < 128 ? String.fromCharCode(codePoint) : foldCodePoint(codePoint)
    const shown = ascii ?? String.fromCodePoint(codePoint)
    const raw = this.consumed
    const rawEnd = raw + rawLength
    const at = this.end
    this.text += shown
    this.consumed = rawEnd
    if (shown.length !== rawLength || (ascii !== null && rawLength > 1)) {
      for (let i = 0; i < shown.length; i += 1)
        this.#anchors.push({ view: at + i, raw, rawEnd, whole: true })
      this.#anchors.push({ view: at + shown.length, raw: rawEnd, rawEnd, whole: false })
    }
    for (let i = 0; i < shown.length; i += 1) unit(shown.charCodeAt(i))
  }

  /** First raw position of the view unit at `view`; the end of the view maps to `consumed`. */
  rawStart(view: number): number {
    if (view >= this.end) return this.consumed
    const anchor = this.#anchorFor(view)
    return anchor.whole ? anchor.raw : anchor.raw + view - anchor.view
  }

  /** Raw position after the view unit before `view`. */
  rawEnd(view: number): number {
    const anchor = this.#anchorFor(view - 1)
    return anchor.whole ? anchor.rawEnd : anchor.raw + view - anchor.view
  }

  #anchorFor(view: number): Anchor {
    let low = 0
    let high = this.#anchors.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#anchors[middle]?.view ?? 0) <= view) low = middle + 1
      else high = middle
    }
    return this.#anchors[low - 1] ?? START
  }

  slice(from: number, to: number): string {
    return this.text.slice(from - this.base, to - this.base)
  }

  /** Forgets everything before `view`. */
  dropBefore(view: number): void {
    if (view <= this.base) return
    const keep = this.#anchorFor(view)
    this.#anchors = [keep, ...this.#anchors.filter((anchor) => anchor.view > view)]
    this.text = this.text.slice(view - this.base)
    this.base = view
  }
}

const START: Anchor = { view: 0, raw: 0, rawEnd: 0, whole: false }
