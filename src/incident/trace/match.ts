/** Finds where a passage stands in a text, exactly: longest common runs of normalised units, and equal values. */
import { normalise, type Normalised } from './normalise.ts'
import { textPieces, type TextPiece } from './texts-of.ts'
import { foundValues, type FoundValue } from './values.ts'
import { GRAM } from './winnow.ts'

export interface Span {
  readonly kind: 'passage' | 'value'
  /** Half-open range of UTF-16 units in the text that was searched. */
  readonly start: number
  readonly end: number
  readonly spelling: TextPiece['spelling']
  /** The searched text there, unescaped, with what stands around it. */
  readonly before: string
  readonly match: string
  readonly after: string
  /** Half-open range of units of the question as it was pasted. */
  readonly from: number
  readonly to: number
}

export interface Question {
  readonly pieces: readonly QuestionPiece[]
  readonly values: ReadonlySet<string>
}

interface QuestionPiece {
  /** Unescaped. */
  readonly text: string
  readonly normalised: Normalised
  readonly grams: ReadonlyMap<string, readonly number[]>
  /** Which unit of the question as it was pasted a unit of this piece stands at. */
  readonly pasted: (unit: number) => number
}

/** Shorter common runs are turns of phrase, unless they are all of the question. */
const RUN_MIN = 40
const AROUND = 120
const SPANS_MAX = 50
/** Places of one gram in the question that are tried. */
const PLACES_MAX = 64
const RUNS_MAX = 5_000

export function readQuestion(text: string): Question {
  const pieces = textPieces(text.trim())
  const [plain] = pieces
  const outermost = plain === undefined ? [] : placesOf(plain, normalise(plain.text, true))
  return {
    pieces: pieces.map((piece) => {
      const normalised = normalise(piece.text, true)
      const pasted =
        piece === plain ? (unit: number) => unit : pastedUnit(piece, normalised, outermost)
      return { text: piece.text, normalised, grams: gramsOf(normalised), pasted }
    }),
    values: new Set(pieces.flatMap((piece) => foundValues(piece.text).map(({ value }) => value))),
  }
}

/** Where in the pasted text each unit stands. */
function placesOf({ outer }: TextPiece, { origins, length }: Normalised): readonly number[] {
  return Array.from({ length }, (_, unit) => outer(origins?.[unit] ?? 0))
}

function pastedUnit(
  { text, outer }: TextPiece,
  { origins, length }: Normalised,
  outermost: readonly number[],
): (unit: number) => number {
  return (unit) => {
    const place = outer(unit === length ? text.length : (origins?.[unit] ?? 0))
    let low = 0
    for (let high = outermost.length; low < high;) {
      const middle = (low + high) >>> 1
      if ((outermost[middle] ?? 0) < place) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Units of the question as it was pasted, or of what lies in it, where that has more. */
export function unitsOf(question: Question): number {
  return Math.max(0, ...question.pieces.map(({ normalised }) => normalised.length))
}

function gramsOf(normalised: Normalised): ReadonlyMap<string, readonly number[]> {
  const grams = new Map<string, number[]>()
  const text = textOfUnits(normalised)
  for (let at = 0; at + GRAM <= text.length; at += 1) {
    const gram = text.slice(at, at + GRAM)
    const places = grams.get(gram)
    if (places === undefined) grams.set(gram, [at])
    else if (places.length < PLACES_MAX) places.push(at)
  }
  return grams
}

function textOfUnits({ units, length }: Normalised): string {
  let text = ''
  for (let at = 0; at < length; at += 8192) {
    text += String.fromCharCode(...units.subarray(at, Math.min(at + 8192, length)))
  }
  return text
}

/** Where the question stands in the text; nothing when it does not. */
export function spansIn(text: string, question: Question): readonly Span[] {
  const spans: Span[] = []
  for (const piece of textPieces(text)) {
    spans.push(...passageSpans(piece, question), ...valueSpans(piece, question))
    if (spans.length >= SPANS_MAX) break
  }
  return spans.slice(0, SPANS_MAX)
}

function passageSpans(piece: TextPiece, question: Question): Span[] {
  const normalised = normalise(piece.text, true)
  const { origins, length } = normalised
  if (origins === null || length < GRAM) return []
  const units = textOfUnits(normalised)
  const spans: Span[] = []
  for (const { normalised: asked, grams, pasted } of question.pieces) {
    const least = Math.min(RUN_MIN, asked.length)
    for (const run of longestFirst(runsOf(units, grams, asked, least))) {
      const last = origins[run.at + run.length - 1] ?? 0
      spans.push({
        ...spanOf(piece, origins[run.at] ?? 0, last + sizeAt(piece.text, last)),
        kind: 'passage',
        from: pasted(run.from),
        to: pasted(run.from + run.length),
      })
    }
  }
  return spans
}

interface Run {
  /** In the units of the text. */
  readonly at: number
  /** In those of the question. */
  readonly from: number
  readonly length: number
}

/** Common runs that no common unit precedes, so each of them once. */
function runsOf(
  units: string,
  grams: QuestionPiece['grams'],
  asked: Normalised,
  least: number,
): readonly Run[] {
  const runs: Run[] = []
  for (let at = 0; at + GRAM <= units.length && runs.length < RUNS_MAX; at += 1) {
    for (const from of grams.get(units.slice(at, at + GRAM)) ?? []) {
      if (at > 0 && from > 0 && units.charCodeAt(at - 1) === asked.units[from - 1]) continue
      let length = GRAM
      while (
        from + length < asked.length &&
        units.charCodeAt(at + length) === asked.units[from + length]
      )
        length += 1
      if (length >= least) runs.push({ at, from, length })
    }
  }
  return runs
}

/** Of runs that overlap in the text the longest stays. */
function longestFirst(runs: readonly Run[]): readonly Run[] {
  const chosen: Run[] = []
  for (const run of runs.toSorted((a, b) => b.length - a.length)) {
    if (chosen.length === SPANS_MAX) break
    const end = run.at + run.length
    if (chosen.every((one) => end <= one.at || one.at + one.length <= run.at)) chosen.push(run)
  }
  return chosen
}

function sizeAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
}

function valueSpans(piece: TextPiece, { values }: Question): Span[] {
  if (values.size === 0) return []
  return foundValues(piece.text)
    .filter(({ value }) => values.has(value))
    .map((found: FoundValue) => ({
      ...spanOf(piece, found.start, found.end),
      kind: 'value' as const,
      from: 0,
      to: 0,
    }))
}

export function spanOf(piece: TextPiece, start: number, end: number) {
  const { text, outer, spelling } = piece
  return {
    start: outer(start),
    end: outer(end),
    spelling,
    before: text.slice(Math.max(0, start - AROUND), start),
    match: text.slice(start, end),
    after: text.slice(end, end + AROUND),
  }
}

/** Share of the question that the spans cover, 0 to 1; a value that was asked for is all of it. */
export function coverage(spans: readonly Span[], question: Question): number {
  if (spans.some(({ kind }) => kind === 'value')) return 1
  const units = question.pieces[0]?.normalised.length ?? 0
  if (units === 0) return 0
  const covered = new Uint8Array(units)
  for (const { from, to } of spans) covered.fill(1, from, to)
  return covered.reduce((sum, one) => sum + one, 0) / units
}
