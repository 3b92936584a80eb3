/** The schema of `exports`: which security tools are told what happens, and in which form. */
import { z } from 'zod'
import { choice, flag, reference, text } from './schema-leaves.ts'

const JSON_FORMATS = ['custody', 'ocsf', 'ecs'] as const
const WHAT =
  'Form of an event: `custody` (our own JSON), `ocsf` (Open Cybersecurity Schema Framework), `ecs` (Elastic Common Schema)'

const url = (what: string) => text(what, 'an https:// URL; http:// only to this machine')

const webhook = z
  .strictObject({
    url: url('Where each event is posted.'),
    secret: reference('Signing secret (`whsec_…`), as Standard Webhooks has it.'),
    format: choice(JSON_FORMATS, `${WHAT}.`).prefault('custody'),
  })
  .describe('A receiver of signed events.')

const splunk = z
  .strictObject({
    url: url('Origin of the HTTP Event Collector, such as https://splunk.example:8088.'),
    token: reference('Token of the collector.'),
    index: text('Index to write to. Default: as the token says.').optional(),
    acknowledge: flag(
      'Wait for the acknowledgement of the indexer; the token must be made for it.',
      'Without it Splunk may lose what it said it received.',
    ).prefault(true),
    format: choice(JSON_FORMATS, `${WHAT}.`).prefault('custody'),
  })
  .describe('A Splunk HTTP Event Collector.')

const syslog = z
  .strictObject({
    address: text('Where the receiver listens on TCP.', 'host:port; an IPv6 host in brackets'),
    tls: flag('Speak TLS (RFC 5425).', 'Events name people and services.').prefault(true),
    format: choice(['cef', ...JSON_FORMATS], `${WHAT}, \`cef\` (Common Event Format).`).prefault(
      'cef',
    ),
  })
  .describe('A syslog receiver (RFC 5424 over a stream).')

const otlp = z
  .strictObject({
    url: url('Origin of the receiver, such as http://127.0.0.1:4318; `/v1/logs` is added.'),
    authorization: reference('Value of the `Authorization` header.').optional(),
    spans: flag(
      'Send each exchange as a span too; `/v1/traces` is added.',
      'Turn it off where the receiver takes log records only.',
    ).prefault(true),
  })
  .describe(
    'An OpenTelemetry receiver (OTLP/HTTP, JSON): log records and spans with GenAI attributes.',
  )

const s3 = z
  .strictObject({
    endpoint: url('Origin of the store, such as https://s3.eu-central-1.amazonaws.com.'),
    region: text('Region, as the signature has it.').prefault('us-east-1'),
    bucket: text('Bucket.'),
    prefix: text('What names of objects begin with.').prefault('custody/'),
    accessKeyId: text('Id of the access key.'),
    secretAccessKey: reference('Secret of the access key.'),
    format: choice(JSON_FORMATS, `${WHAT}.`).prefault('custody'),
  })
  .describe('Objects of JSON Lines, gzipped, by hour, in an S3-compatible store.')

const file = z
  .strictObject({
    path: text(
      'File to append to. A relative path starts at the folder of this file.',
      'a file path',
    ),
    format: choice(JSON_FORMATS, `${WHAT}.`).prefault('custody'),
  })
  .describe('A file of JSON Lines.')

const named = <Sink extends z.ZodType>(sink: Sink, what: string) =>
  z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,40}$/), sink)
    .prefault({})
    .describe(what)

export const exportsSchema = z
  .strictObject({
    webhooks: named(webhook, 'Receivers of signed events, by name.'),
    splunk: named(splunk, 'Splunk HTTP Event Collectors, by name.'),
    syslog: named(syslog, 'Syslog receivers, by name.'),
    otlp: named(otlp, 'OpenTelemetry receivers, by name.'),
    files: named(file, 'Files of JSON Lines, by name.'),
    s3: named(s3, 'S3-compatible stores, by name.'),
  })
  .prefault({})
  .describe(
    'Where every exchange that ended and every security event is told, without content. See docs/guide/siem.md.',
  )
