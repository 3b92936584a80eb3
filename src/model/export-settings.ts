/** Where security tools are told what happened, as custody.yaml says: named sinks, each with its form. */
import type { HiddenText } from './approval-settings.ts'

/** `custody` is our own JSON; `cef` is a line of the Common Event Format. */
export const SINK_FORMATS = ['custody', 'ocsf', 'ecs', 'cef'] as const
export type SinkFormat = (typeof SINK_FORMATS)[number]

interface Named {
  /** Kind and name, such as `webhook-siem`: names its folder, its metrics and its check. */
  readonly name: string
}

export interface WebhookSink extends Named {
  readonly kind: 'webhook'
  readonly url: string
  /** `whsec_…`, as Standard Webhooks has it. */
  readonly secret: HiddenText
  readonly format: SinkFormat
}

export interface SplunkSink extends Named {
  readonly kind: 'splunk'
  /** Of the collector, without path. */
  readonly url: string
  readonly token: HiddenText
  /** Null: as the token says. */
  readonly index: string | null
  /** Waits until the indexer has it. */
  readonly acknowledge: boolean
  readonly format: SinkFormat
}

export interface SyslogSink extends Named {
  readonly kind: 'syslog'
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly format: SinkFormat
}

export interface OtlpSink extends Named {
  readonly kind: 'otlp'
  /** Of the receiver, without path. */
  readonly url: string
  /** Value of the `authorization` header; null: none. */
  readonly authorization: HiddenText | null
  /** Exchanges as spans too. */
  readonly spans: boolean
}

export interface S3Sink extends Named {
  readonly kind: 's3'
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly prefix: string
  readonly accessKeyId: string
  readonly secretAccessKey: HiddenText
  readonly format: SinkFormat
}

export interface FileSink extends Named {
  readonly kind: 'file'
  /** Absolute. */
  readonly file: string
  readonly format: SinkFormat
}

export type SinkSettings = WebhookSink | SplunkSink | SyslogSink | OtlpSink | FileSink | S3Sink
