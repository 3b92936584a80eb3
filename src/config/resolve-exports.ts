/** Resolves `exports`: addresses that are safe to send to, secrets that are there. */
import { isLoopbackUrl } from '../lib/loopback-url.ts'
import type { SinkSettings } from '../model/export-settings.ts'
import { parseAddress } from './quantities.ts'
import { pathOf, report, secretFolder } from './resolve-context.ts'
import type { ResolveContext } from './resolve-context.ts'
import type { CheckedConfig } from './schema.ts'
import { Secret } from './secret.ts'
import { resolveSecret } from './upstreams.ts'

export function resolveExports(
  { exports: written }: CheckedConfig,
  context: ResolveContext,
): readonly SinkSettings[] {
  const secret = (path: readonly string[], reference: string): Secret =>
    resolveSecret(path, reference, {
      env: context.env,
      folder: secretFolder(context),
      report: (_path, text) => {
        report(context, path, text)
      },
    }) ?? new Secret('', 'nowhere')
  const each = <Sink>(
    section: keyof typeof written,
    sinks: Readonly<Record<string, Sink>>,
    make: (sink: Sink, at: (key: string) => readonly string[], name: string) => SinkSettings,
  ): readonly SinkSettings[] =>
    Object.entries(sinks).map(([name, sink]) =>
      make(sink, (key) => ['exports', section, name, key], name),
    )
  return [
    ...each('webhooks', written.webhooks, ({ url, secret: reference, format }, at, name) => ({
      kind: 'webhook',
      name: `webhook-${name}`,
      url: safeUrl(url, at('url'), context),
      secret: signingSecret(secret(at('secret'), reference), at('secret'), context),
      format,
    })),
    ...each('splunk', written.splunk, ({ url, token, index, acknowledge, format }, at, name) => ({
      kind: 'splunk',
      name: `splunk-${name}`,
      url: safeUrl(url, at('url'), context),
      token: secret(at('token'), token),
      index: index ?? null,
      acknowledge,
      format,
    })),
    ...each('syslog', written.syslog, ({ address, tls, format }, at, name) => ({
      kind: 'syslog',
      name: `syslog-${name}`,
      ...hostAndPort(address, at('address'), context),
      tls,
      format,
    })),
    ...each('otlp', written.otlp, ({ url, authorization, spans }, at, name) => ({
      kind: 'otlp',
      name: `otlp-${name}`,
      url: safeUrl(url, at('url'), context),
      authorization:
        authorization === undefined ? null : secret(at('authorization'), authorization),
      spans,
    })),
    ...each('s3', written.s3, ({ endpoint, secretAccessKey, ...rest }, at, name) => ({
      ...rest,
      kind: 's3',
      name: `s3-${name}`,
      endpoint: safeUrl(endpoint, at('endpoint'), context),
      secretAccessKey: secret(at('secretAccessKey'), secretAccessKey),
    })),
    ...each('files', written.files, ({ path, format }, at, name) => ({
      kind: 'file',
      name: `file-${name}`,
      file: pathOf(at('path'), path, context),
      format,
    })),
  ]
}

/** Threat: events and tokens would cross a network in clear text. */
function safeUrl(written: string, path: readonly string[], context: ResolveContext): string {
  const url = URL.canParse(written) ? new URL(written) : null
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackUrl(url))
  if (url === null || !isSafe || url.username !== '' || url.password !== '') {
    report(context, path, {
      message: 'this is no address to send events to',
      allowed: 'an https:// URL without user and password; http:// only to this machine',
    })
  }
  return written.replace(/\/+$/, '')
}

/** Null-length keys sign nothing. */
function signingSecret(secret: Secret, path: readonly string[], context: ResolveContext): Secret {
  const text = secret.reveal()
  const bytes = Buffer.from(text.replace(/^whsec_/, ''), 'base64').length
  if (text !== '' && (!text.startsWith('whsec_') || bytes < 24)) {
    report(context, path, {
      message: 'the secret is no signing secret',
      allowed: 'whsec_ and at least 24 bytes in base64',
    })
  }
  return secret
}

function hostAndPort(written: string, path: readonly string[], context: ResolveContext) {
  const reading = parseAddress(written)
  if (reading.kind === 'address' && reading.address.port !== 0) return reading.address
  report(context, path, {
    message: 'the value is not an address to send to',
    allowed: 'host:port; an IPv6 host in brackets',
  })
  return { host: '', port: 0 }
}
