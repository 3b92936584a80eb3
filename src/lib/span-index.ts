/** Answers questions about many spans without looking at each of them. */

export interface Span {
  readonly start: number
  readonly end: number
}

/** The spans ascend and do not overlap each other. */
export function spanIndex(spans: readonly Span[]): SpanIndex {
  return new SpanIndex(spans)
}

class SpanIndex {
  readonly #spans: readonly Span[]

  constructor(spans: readonly Span[]) {
    this.#spans = spans
  }

  /** Number of the first span that ends behind `place`; the number of spans when none does. */
  firstBehind(place: number): number {
    let low = 0
    let high = this.#spans.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#spans[middle]?.end ?? 0) <= place) low = middle + 1
      else high = middle
    }
    return low
  }

  /** True when a span has a unit in common with `one`. */
  touches(one: Span): boolean {
    const span = this.#spans[this.firstBehind(one.start)]
    return span !== undefined && span.start < one.end
  }

  /** True when `one` lies in a span. */
  covers(one: Span): boolean {
    const at = this.firstBehind(one.start)
    // An empty one may lie at the end of a span.
    const candidates = [this.#spans[at], one.start === one.end ? this.#spans[at - 1] : undefined]
    return candidates.some(
      (span) => span !== undefined && span.start <= one.start && span.end >= one.end,
    )
  }
}
