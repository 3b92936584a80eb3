/** Every metric Custody exposes, as one table; the reference page is made from it. No principals or ids as labels. */
import type { MetricRow } from './registry.ts'

/** Seconds, for what the gateway itself costs: from 100 microseconds. */
const SHORT = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
/** Seconds, for what a model takes: up to ten minutes. */
const LONG = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

export const METRICS = {
  requests: {
    kind: 'counter',
    name: 'custody_requests_total',
    help: 'Exchanges that ended, by upstream, surface and outcome.',
    labels: ['upstream', 'surface', 'outcome'],
  },
  requestDuration: {
    kind: 'histogram',
    name: 'custody_request_duration_seconds',
    help: 'Time from arrival to the end of the answer.',
    labels: ['upstream'],
    buckets: LONG,
  },
  timeToFirstByte: {
    kind: 'histogram',
    name: 'custody_time_to_first_byte_seconds',
    help: 'Time from arrival to the first answer byte.',
    labels: ['upstream'],
    buckets: LONG,
  },
  overhead: {
    kind: 'histogram',
    name: 'custody_overhead_seconds',
    help: 'Time the gateway itself added before the upstream call began.',
    labels: ['upstream'],
    buckets: SHORT,
  },
  tokens: {
    kind: 'counter',
    name: 'custody_tokens_total',
    help: 'Tokens the providers reported, by upstream and direction (input, output).',
    labels: ['upstream', 'direction'],
  },
  refusals: {
    kind: 'counter',
    name: 'custody_refusals_total',
    help: 'Exchanges that the gateway answered or cut itself, by error code.',
    labels: ['code'],
  },
  policyAlerts: {
    kind: 'counter',
    name: 'custody_policy_alerts_total',
    help: 'Exchanges on which a policy rule with `alert: metric` fired in force, by rule.',
    labels: ['rule'],
  },
  policyAlertsLost: {
    kind: 'counter',
    name: 'custody_policy_alerts_lost_total',
    help: 'Policy alerts whose webhook could not be delivered.',
    labels: [],
  },
  malformedConnections: {
    kind: 'counter',
    name: 'custody_malformed_connections_total',
    help: 'Connections that the HTTP parser refused before an exchange began.',
    labels: ['code'],
  },
  faults: {
    kind: 'counter',
    name: 'custody_faults_total',
    help: 'Faults of the gateway itself.',
    labels: [],
  },
  exchangesInProgress: {
    kind: 'gauge',
    name: 'custody_exchanges_in_progress',
    help: 'Exchanges in progress.',
    labels: [],
  },
  bufferedBytes: {
    kind: 'gauge',
    name: 'custody_buffered_bytes',
    help: 'Body bytes held in memory for all exchanges.',
    labels: [],
  },
  recorderCommit: {
    kind: 'histogram',
    name: 'custody_recorder_commit_seconds',
    help: 'Time of one group commit: write and fdatasync.',
    labels: [],
    buckets: SHORT,
  },
  recorderPendingBytes: {
    kind: 'gauge',
    name: 'custody_recorder_pending_bytes',
    help: 'Bytes handed to the recorder and not yet durable.',
    labels: [],
  },
  recorderReady: {
    kind: 'gauge',
    name: 'custody_recorder_ready',
    help: '1 while exchanges can be recorded, else 0.',
    labels: [],
  },
  recordWriteFailures: {
    kind: 'counter',
    name: 'custody_record_write_failures_total',
    help: 'Record writes that failed or missed their deadline.',
    labels: [],
  },
  recordingGaps: {
    kind: 'counter',
    name: 'custody_recording_gaps_total',
    help: 'Exchanges of best-effort routes that went on unrecorded.',
    labels: [],
  },
  evidenceFreeBytes: {
    kind: 'gauge',
    name: 'custody_evidence_free_bytes',
    help: 'Free bytes on the evidence disk at the last look.',
    labels: [],
  },
  indexLag: {
    kind: 'gauge',
    name: 'custody_index_lag_rows',
    help: 'Rows that are durable in segments and not yet in the index.',
    labels: [],
  },
  traceIndexRestarts: {
    kind: 'gauge',
    name: 'custody_trace_index_restarts',
    help: 'How often the thread of the trace index ended of an error and was started again.',
    labels: [],
  },
  traceAside: {
    kind: 'gauge',
    name: 'custody_trace_records_aside',
    help: 'Records that are not in the trace index, because reading them ended its thread again and again.',
    labels: [],
  },
  configReloads: {
    kind: 'counter',
    name: 'custody_config_reloads_total',
    help: 'Reloads of the configuration, by result (accepted, refused).',
    labels: ['result'],
  },
  exportedEvents: {
    kind: 'counter',
    name: 'custody_export_events_total',
    help: 'Events for security tools, by sink and result (delivered, dead, failed; what failed is sent again).',
    labels: ['sink', 'result'],
  },
  exportLag: {
    kind: 'gauge',
    name: 'custody_export_lag_seconds',
    help: 'Age of the oldest event that waits for a sink.',
    labels: ['sink'],
  },
  exportDeadLetters: {
    kind: 'gauge',
    name: 'custody_export_dead_letters',
    help: 'Events that the receiver of a sink will not take.',
    labels: ['sink'],
  },
  buildInfo: {
    kind: 'gauge',
    name: 'custody_build_info',
    help: 'Always 1; the labels say what runs.',
    labels: ['version', 'node'],
  },
} as const satisfies Readonly<Record<string, MetricRow>>
