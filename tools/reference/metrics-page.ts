/** The page of metrics, from the one table in src/telemetry/metric-table.ts. */
import { METRICS } from '../../src/telemetry/metric-table.ts'
import type { MetricRow } from '../../src/telemetry/registry.ts'
import { cell, page, table } from './markdown.ts'

export function metricsPage(): string {
  const all: readonly MetricRow[] = Object.values(METRICS)
  const rows = all.map((row) => [
    `\`${row.name}\``,
    row.kind,
    row.labels.map((label) => `\`${label}\``).join(', '),
    cell(row.help),
    row.kind === 'histogram' ? row.buckets.join(', ') : '',
  ])
  return page('Metrics', [
    'Served as Prometheus text (version 0.0.4) at `/metrics` on the admin listener. Labels never hold principals or ids; a family with more than 1000 label sets counts the rest under `other`.',
    table(['name', 'kind', 'labels', 'meaning', 'buckets'], rows),
  ])
}
