/** Resolves written upstreams: preset, base URL, credential and address rules become `Upstream` values. */
import { looksSecret } from '../lib/secret-shape.ts'
import type { Upstream, UpstreamCredential } from '../model/upstream.ts'
import { pointsAt, readBaseUrl } from './base-url.ts'
import type { BaseUrlReading } from './base-url.ts'
import type { Address } from './config.ts'
import { DIALECT_PRESET, PRESETS } from './presets.ts'
import type { Preset } from './presets.ts'
import { isReference, resolveReference } from './reference.ts'
import type { Environment } from './reference.ts'
import type { ProblemText } from './problems.ts'
import type { CheckedUpstream } from './schema.ts'
import { guardedHeaders, headerCredential, Secret, sigv4Credential } from './secret.ts'

/** What resolving needs to know and where it reports to. `report` paths are below the upstream. */
export interface UpstreamContext {
  readonly env: Environment
  /** Relative `${file:}` paths start here. */
  readonly folder: string
  readonly listeners: readonly Address[]
  readonly report: (path: readonly string[], problem: ProblemText, missing?: boolean) => void
  readonly warn: (text: string) => void
}

/** Null when a problem leaves nothing usable. */
export function resolveUpstream(
  name: string,
  written: CheckedUpstream,
  context: UpstreamContext,
): Upstream | null {
  const preset = written.preset === undefined ? null : PRESETS[written.preset]
  const dialect = written.dialect ?? preset?.dialect
  if (dialect === undefined) {
    context.report([], {
      message: 'the upstream has neither a preset nor a dialect',
      allowed: 'preset, or dialect with baseUrl',
      hint: 'For an OpenAI-compatible server write dialect: openai and its baseUrl.',
    })
  }
  // What else is wrong with it is reported too, so a dialect is assumed where none is known.
  const assumed = dialect ?? 'openai'
  const style = preset ?? {
    ...PRESETS[DIALECT_PRESET[assumed]],
    baseUrl: null,
    credentialEnv: null,
  }
  const reading = resolveBaseUrl(written, { ...style, dialect: assumed }, context)
  const credential = resolveCredential(written, style, context)
  const headers = resolveHeaders(written, context)
  if (dialect === undefined || reading === null || credential === null) return null
  if (reading.clearText && credential.kind !== 'none' && reading.range !== 'private') {
    context.warn(`upstreams.${name}: the credential travels in clear text; use https in baseUrl`)
  }
  const region = written.region ?? written.sigv4?.region
  return {
    name,
    dialect,
    baseUrl: reading.baseUrl,
    ...(region === undefined ? {} : { region }),
    credential,
    headers,
    dropBetas: written.dropBetas,
    allowPrivateAddresses: written.allowPrivateAddresses ?? reading.range === 'private',
    allowLinkLocalAddresses: written.allowLinkLocalAddresses,
    sandbox: false,
  }
}

type GoodUrl = Extract<BaseUrlReading, { kind: 'url' }>

function resolveBaseUrl(
  written: CheckedUpstream,
  style: Preset,
  context: UpstreamContext,
): GoodUrl | null {
  const text = written.baseUrl ?? style.baseUrl
  if (text === null) {
    context.report([], {
      message: 'baseUrl is missing',
      hint: 'This upstream has no well-known address; write baseUrl.',
    })
    return null
  }
  const region = written.region ?? written.sigv4?.region
  if (text.includes('{region}') && region === undefined) {
    context.report([], {
      message: 'region is missing',
      hint: 'The base URL has {region}; write region.',
    })
    return null
  }
  // Bedrock callers may name a region in the path, so its placeholder stays; elsewhere it is filled here.
  const filled = style.dialect === 'bedrock' ? text : text.replaceAll('{region}', region ?? '')
  const azure =
    written.preset === 'azure-openai' ? filled.replace(/\/openai(?:\/v1)?\/*$/, '') : filled
  const reading = readBaseUrl(azure, style.dialect)
  if (reading.kind === 'unreadable') {
    context.report(['baseUrl'], {
      message: 'the base URL is not acceptable',
      found: `a text of ${String(text.length)} characters`,
      allowed: 'an http:// or https:// URL without user, query or fragment',
      hint: reading.hint,
    })
    return null
  }
  return addressAllowed(reading, written, context) ? reading : null
}

function addressAllowed(
  reading: GoodUrl,
  written: CheckedUpstream,
  context: UpstreamContext,
): boolean {
  if (pointsAt(reading.baseUrl, context.listeners)) {
    context.report(['baseUrl'], {
      message: 'the base URL points at this gateway itself',
      hint: 'An upstream is the provider, not the address callers use.',
    })
    return false
  }
  if (reading.range === 'link-local' && !written.allowLinkLocalAddresses) {
    context.report(['baseUrl'], {
      message: 'the base URL is a link-local or metadata address',
      hint: 'Set allowLinkLocalAddresses: true if this is intended.',
    })
    return false
  }
  if (reading.range === 'private' && written.allowPrivateAddresses === false) {
    context.report(['baseUrl'], {
      message: 'the base URL is a private address, which allowPrivateAddresses: false refuses',
      hint: 'Remove one of the two.',
    })
    return false
  }
  return true
}

function resolveCredential(
  written: CheckedUpstream,
  style: Preset,
  context: UpstreamContext,
): UpstreamCredential | null {
  if (written.sigv4 !== undefined) return resolveSigv4(written, context)
  const reference =
    written.credential ?? (style.credentialEnv === null ? 'none' : `\${${style.credentialEnv}}`)
  if (reference === 'none') return { kind: 'none' }
  const secret = resolveSecret(['credential'], reference, context)
  const header = (written.credentialHeader ?? style.credentialHeader).toLowerCase()
  // A header named by hand carries the bare credential, unless a scheme is named too.
  const scheme =
    written.credentialScheme ??
    (header === 'authorization' || written.credentialHeader === undefined
      ? style.credentialScheme || (header === 'authorization' ? 'Bearer' : '')
      : '')
  return secret && headerCredential(header, scheme === '' ? '' : `${scheme} `, secret)
}

function resolveSigv4(
  written: CheckedUpstream,
  context: UpstreamContext,
): UpstreamCredential | null {
  const { sigv4 } = written
  if (sigv4 === undefined) return null
  if (written.credential !== undefined) {
    context.report(['credential'], {
      message: 'both credential and sigv4 are written',
      hint: 'Keep one of them.',
    })
  }
  const accessKeyId = resolveSecret(['sigv4', 'accessKeyId'], sigv4.accessKeyId, context)
  const secretAccessKey = resolveSecret(
    ['sigv4', 'secretAccessKey'],
    sigv4.secretAccessKey,
    context,
  )
  const sessionToken =
    sigv4.sessionToken === undefined
      ? null
      : resolveSecret(['sigv4', 'sessionToken'], sigv4.sessionToken, context)
  if (accessKeyId === null || secretAccessKey === null) return null
  return sigv4Credential(sigv4.region, 'bedrock', { accessKeyId, secretAccessKey, sessionToken })
}

/** Null after a report. A secret that is only missing stays printable. */
export function resolveSecret(
  path: readonly string[],
  reference: string,
  context: Pick<UpstreamContext, 'env' | 'folder' | 'report'>,
): Secret | null {
  const reading = resolveReference(reference, context.env, context.folder)
  if (reading.kind === 'secret') return reading.secret
  const { message, hint, missing } = reading
  context.report(
    path,
    {
      message,
      found: missing === null ? `a text of ${String(reference.length)} characters` : missing,
      allowed: '`${ENV_NAME}` or `${file:/path}`',
      hint,
    },
    missing !== null,
  )
  return missing === null ? null : new Secret('', missing)
}

const CREDENTIAL_HEADER = /auth|key|token|secret|cookie|password|credential|signature/i
/** Framing and routing belong to the gateway (RFC 9110 7.6.1). */
const RESERVED_HEADER =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|keep-alive|expect|proxy-.*)$/i

function resolveHeaders(
  written: CheckedUpstream,
  context: UpstreamContext,
): Readonly<Record<string, string>> {
  const values = new Map<string, string | Secret>()
  for (const [name, text] of Object.entries(written.headers)) {
    const path = ['headers', name]
    if (RESERVED_HEADER.test(name)) {
      context.report(path, { message: 'this header belongs to the gateway', hint: 'Remove it.' })
    } else if (values.has(name.toLowerCase())) {
      context.report(path, {
        message: 'the same header is written twice',
        hint: 'Keep one of them.',
      })
    } else if (isReference(text) || CREDENTIAL_HEADER.test(name) || looksSecret(text)) {
      const secret = resolveSecret(path, text, context)
      if (secret !== null) values.set(name.toLowerCase(), secret)
    } else if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)) {
      values.set(name.toLowerCase(), text)
    } else {
      context.report(path, {
        message: 'the value cannot be sent in a header',
        allowed: 'printable ASCII on one line',
      })
    }
  }
  return guardedHeaders(values)
}
