/** Counters, gauges and histograms in the Prometheus text format (version 0.0.4), with label sets resolved once. */

export const EXPOSITION_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

interface RowBase {
  /** Wire name, e.g. `custody_requests_total`. */
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}
export interface CounterRow extends RowBase {
  readonly kind: 'counter'
}
export interface GaugeRow extends RowBase {
  readonly kind: 'gauge'
}
export interface HistogramRow extends RowBase {
  readonly kind: 'histogram'
  /** Upper bounds, ascending, without infinity. */
  readonly buckets: readonly number[]
}
export type MetricRow = CounterRow | GaugeRow | HistogramRow

export interface Counter {
  /** Adds `amount` (default 1, never negative). */
  readonly add: (amount?: number) => void
}
export interface Gauge {
  readonly set: (value: number) => void
  readonly add: (amount: number) => void
  /** Asks `source` at every exposition instead of keeping a value. */
  readonly follow: (source: () => number) => void
}
export interface Histogram {
  readonly observe: (value: number) => void
}

type Values<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string }

/** Label values in the order of the row's labels. Keep the returned child where it is used often. */
export interface Family<Child, Labels extends readonly string[]> {
  readonly with: (...values: Values<Labels>) => Child
}

interface Member {
  readonly samples: (labels: string) => readonly string[]
}

interface Store<Child> {
  readonly with: (...values: readonly string[]) => Child
  readonly lines: () => readonly string[]
}

/** More label sets than this in one family are counted together: a label must not become a memory leak. */
const LABEL_SETS_MAX = 1000
const OVERFLOW = 'other'
/** No label set has this key: keys of several values have one separator less. */
const OVERFLOW_KEY = '\0\0\0\0other'

function createStore<Child extends Member>(row: MetricRow, create: () => Child): Store<Child> {
  const children = new Map<string, { readonly child: Child; readonly labels: string }>()
  const enter = (key: string, values: readonly string[]): Child => {
    const child = create()
    children.set(key, { child, labels: labelText(row.labels, values) })
    return child
  }
  if (row.labels.length === 0) enter('', [])
  return {
    with: (...values) => {
      const key = values.length === 1 ? (values[0] ?? '') : values.join('\0')
      const known = children.get(key)
      if (known !== undefined) return known.child
      if (values.length !== row.labels.length) throw new Error(`${row.name} has other labels`)
      if (children.size < LABEL_SETS_MAX) return enter(key, values)
      const overflow = row.labels.map(() => OVERFLOW)
      return children.get(OVERFLOW_KEY)?.child ?? enter(OVERFLOW_KEY, overflow)
    },
    lines: () => [
      `# HELP ${row.name} ${row.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${row.name} ${row.kind}`,
      ...[...children.values()].flatMap(({ child, labels }) => child.samples(labels)),
    ],
  }
}

function labelText(names: readonly string[], values: readonly string[]): string {
  return names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`).join(',')
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function sample(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${shown(value)}` : `${name}{${labels}} ${shown(value)}`
}

function shown(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

export function counterFamily(row: CounterRow): Store<Counter> {
  return createStore(row, () => {
    let total = 0
    return {
      add: (amount = 1) => {
        if (!(amount >= 0)) throw new Error(`${row.name} only goes up`)
        total += amount
      },
      samples: (labels: string) => [sample(row.name, labels, total)],
    }
  })
}

export function gaugeFamily(row: GaugeRow): Store<Gauge> {
  return createStore(row, () => {
    let source: (() => number) | null = null
    let value = 0
    return {
      set: (next: number) => {
        value = next
      },
      add: (amount: number) => {
        value += amount
      },
      follow: (next: () => number) => {
        source = next
      },
      samples: (labels: string) => [sample(row.name, labels, source?.() ?? value)],
    }
  })
}

export function histogramFamily(row: HistogramRow): Store<Histogram> {
  return createStore(row, () => {
    const counts = new Float64Array(row.buckets.length + 1)
    let sum = 0
    return {
      observe: (value: number) => {
        let index = 0
        while (index < row.buckets.length && value > (row.buckets[index] ?? Infinity)) index += 1
        counts[index] = (counts[index] ?? 0) + 1
        sum += value
      },
      samples: (labels: string) => histogramSamples(row, labels, counts, sum),
    }
  })
}

function histogramSamples(
  row: HistogramRow,
  labels: string,
  counts: Float64Array,
  sum: number,
): readonly string[] {
  const lead = labels === '' ? '' : `${labels},`
  let total = 0
  const buckets = [...counts].map((count, index) => {
    total += count
    const bound = shown(row.buckets[index] ?? Infinity)
    return sample(`${row.name}_bucket`, `${lead}le="${bound}"`, total)
  })
  return [
    ...buckets,
    sample(`${row.name}_sum`, labels, sum),
    sample(`${row.name}_count`, labels, total),
  ]
}
