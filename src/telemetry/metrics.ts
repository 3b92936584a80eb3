/** The live metrics of one process: one family for each row of the metric table, and their exposition. */
import type { ClosingFacts, OpeningFacts } from '../model/record.ts'
import { METRICS } from './metric-table.ts'
import { counterFamily, gaugeFamily, histogramFamily } from './registry.ts'
import type { Counter, Family, Gauge, Histogram } from './registry.ts'

type Rows = typeof METRICS
type ChildOf = { readonly counter: Counter; readonly gauge: Gauge; readonly histogram: Histogram }

type Families = {
  readonly [Name in keyof Rows]: Family<ChildOf[Rows[Name]['kind']], Rows[Name]['labels']>
}

export interface Metrics extends Families {
  /** Text for `GET /metrics`, with `EXPOSITION_CONTENT_TYPE`. */
  readonly expose: () => string
}

export function createMetrics(): Metrics {
  const families = {
    requests: counterFamily(METRICS.requests),
    requestDuration: histogramFamily(METRICS.requestDuration),
    timeToFirstByte: histogramFamily(METRICS.timeToFirstByte),
    overhead: histogramFamily(METRICS.overhead),
    tokens: counterFamily(METRICS.tokens),
    refusals: counterFamily(METRICS.refusals),
    policyAlerts: counterFamily(METRICS.policyAlerts),
    policyAlertsLost: counterFamily(METRICS.policyAlertsLost),
    malformedConnections: counterFamily(METRICS.malformedConnections),
    faults: counterFamily(METRICS.faults),
    exchangesInProgress: gaugeFamily(METRICS.exchangesInProgress),
    bufferedBytes: gaugeFamily(METRICS.bufferedBytes),
    recorderCommit: histogramFamily(METRICS.recorderCommit),
    recorderPendingBytes: gaugeFamily(METRICS.recorderPendingBytes),
    recorderReady: gaugeFamily(METRICS.recorderReady),
    recordWriteFailures: counterFamily(METRICS.recordWriteFailures),
    recordingGaps: counterFamily(METRICS.recordingGaps),
    evidenceFreeBytes: gaugeFamily(METRICS.evidenceFreeBytes),
    indexLag: gaugeFamily(METRICS.indexLag),
    traceIndexRestarts: gaugeFamily(METRICS.traceIndexRestarts),
    traceAside: gaugeFamily(METRICS.traceAside),
    configReloads: counterFamily(METRICS.configReloads),
    exportedEvents: counterFamily(METRICS.exportedEvents),
    exportLag: gaugeFamily(METRICS.exportLag),
    exportDeadLetters: gaugeFamily(METRICS.exportDeadLetters),
    buildInfo: gaugeFamily(METRICS.buildInfo),
  }
  const expose = (): string =>
    `${Object.values(families)
      .flatMap((family) => family.lines())
      .join('\n')}\n`
  return { ...families, expose }
}

type Opened = Pick<OpeningFacts, 'upstream' | 'surface'>

/** Counts an exchange that has ended. Names of upstreams that do not exist must not reach this as labels. */
export function countExchange(metrics: Metrics, opened: Opened, closing: ClosingFacts): void {
  const { upstream, surface } = opened
  metrics.requests.with(upstream, surface, closing.outcome).add()
  metrics.requestDuration.with(upstream).observe(closing.durationMs / 1000)
  if (closing.firstByteMs !== null) {
    metrics.timeToFirstByte.with(upstream).observe(closing.firstByteMs / 1000)
  }
  if (closing.errorCode !== null) metrics.refusals.with(closing.errorCode).add()
  const { inputTokens, outputTokens } = closing.usage
  if (inputTokens !== null) metrics.tokens.with(upstream, 'input').add(Math.max(0, inputTokens))
  if (outputTokens !== null) metrics.tokens.with(upstream, 'output').add(Math.max(0, outputTokens))
}
