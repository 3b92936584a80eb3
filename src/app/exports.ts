/** Wires the sinks of custody.yaml: each reads the index at its own pace, off the path of requests. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { nodeDisk } from '../evidence/disk.ts'
import type { Evidence } from '../evidence/open-evidence.ts'
import { listInstances } from '../evidence/segment-scan.ts'
import type { Clock } from '../lib/clock.ts'
import type { SinkSettings } from '../model/export-settings.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { fileSender, otlpSender, syslogSender } from '../telemetry/sinks/plain-senders.ts'
import { runSink } from '../telemetry/sinks/run-sink.ts'
import type { RunningSink, SinkSource } from '../telemetry/sinks/run-sink.ts'
import type { Sender } from '../telemetry/sinks/sender.ts'
import { openSinkFolder } from '../telemetry/sinks/sink-folder.ts'
import { s3Sender } from '../telemetry/sinks/s3-sender.ts'
import { splunkSender } from '../telemetry/sinks/splunk-sender.ts'
import { webhookSender } from '../telemetry/sinks/webhook-sender.ts'
import { VERSION } from './version.ts'

export interface ExportParts {
  readonly store: Store
  readonly evidence: Evidence
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

export interface Exports extends AsyncDisposable {
  /** A line for each sink, `ok` while all is well. */
  readonly checks: () => Readonly<Record<string, string>>
  /** Sets the gauges. */
  readonly measure: () => void
  /** Sinks begin where they stopped. */
  readonly reload: (config: Config) => void
  /** Does something with the sinks that run, and none is stopped meanwhile. */
  readonly withSinks: <Result>(
    work: (sinks: ReadonlyMap<string, RunningSink>) => Promise<Result>,
  ) => Promise<Result>
}

export function startExports(config: Config, parts: ExportParts): Exports {
  let sinks: ReadonlyMap<string, RunningSink> = new Map()
  const { log, metrics } = parts
  const restart = async (wanted: Config | null): Promise<void> => {
    for (const sink of sinks.values()) await sink[Symbol.asyncDispose]()
    sinks = wanted === null ? new Map() : await started(wanted, parts)
  }
  let turn = restart(config)
  const then = (wanted: Config | null): Promise<void> => {
    turn = turn
      .then(() => restart(wanted))
      .catch((error: unknown) => log.error({}, 'exports not started', error))
    return turn
  }
  turn = turn.catch((error: unknown) => log.error({}, 'exports not started', error))
  return {
    checks: () =>
      Object.fromEntries(
        [...sinks].map(([name, sink]) => {
          const { problem, deadLetters } = sink.state()
          const dead = deadLetters === 0 ? [] : [`${deadLetters} dead letters`]
          return [`export ${name}`, [problem, ...dead].filter(Boolean).join('; ') || 'ok']
        }),
      ),
    measure: () => {
      for (const [name, sink] of sinks) {
        const { lagMs, deadLetters } = sink.state()
        metrics.exportLag.with(name).set(lagMs / 1000)
        metrics.exportDeadLetters.with(name).set(deadLetters)
      }
    },
    reload: (next) => void then(next),
    withSinks: (work) => {
      const done = turn.then(() => work(sinks))
      turn = done.then(
        () => undefined,
        () => undefined,
      )
      return done
    },
    [Symbol.asyncDispose]: () => then(null),
  }
}

async function started(
  { exports: settings, storage }: Config,
  parts: ExportParts,
): Promise<ReadonlyMap<string, RunningSink>> {
  if (settings.length === 0) return new Map()
  const { store, evidence, clock, log, metrics } = parts
  const instances = [
    ...new Set([...(await listInstances(nodeDisk, storage.folder)), evidence.instance]),
  ]
  const source: SinkSource = {
    search: store.search,
    eventsAfter: (place, limit) => store.index.eventsAfter(instances, place, limit),
    isOwn: (instance) => instances.some((own) => own === instance),
    instance: evidence.instance,
  }
  const running = new Map<string, RunningSink>()
  for (const sink of settings) {
    const { name } = sink
    const folder = await openSinkFolder(join(storage.folder, 'exports', name))
    running.set(
      name,
      runSink({
        source,
        folder,
        clock,
        sender: senderFor(sink, clock),
        counted: (result, events) => metrics.exportedEvents.with(name, result).add(events),
        onFault: (error) =>
          log.warn({ sink: name }, 'export stands still; it is tried again', error),
      }),
    )
  }
  return running
}

function senderFor(sink: SinkSettings, clock: Clock): Sender {
  switch (sink.kind) {
    case 'webhook':
      return webhookSender(sink, clock, VERSION)
    case 'splunk':
      return splunkSender(sink, hostname(), VERSION)
    case 'syslog':
      return syslogSender(sink, hostname(), VERSION)
    case 'otlp':
      return otlpSender(sink, VERSION)
    case 's3':
      return s3Sender(sink, VERSION)
    case 'file':
      return fileSender(sink, VERSION)
  }
}
