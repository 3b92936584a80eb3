/** Reads the metadata of an identity provider: who it is, where it listens, which certificates sign. */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Clock } from '../../lib/clock.ts'
import {
  NS,
  XmlRefused,
  attributeOf,
  childrenOf,
  isNamed,
  readXml,
  textOf,
  timeOf,
} from './strict-xml.ts'
import type { XmlElement } from './strict-xml.ts'

export const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect'
export const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'
const BYTES_MAX = 1024 * 1024
const FETCH_MS = 10_000
const READ_EVERY_MS = 24 * 60 * 60 * 1000
const CERTIFICATES_MAX = 10

export interface IdpMetadata {
  readonly entityId: string
  /** Where the browser is sent to log in, by redirect. */
  readonly loginUrl: string
  /** Null when single logout by redirect is not offered. */
  readonly logoutUrl: string | null
  /** PEM. */
  readonly certificates: readonly string[]
}

export async function readIdpMetadata(text: string, nowMs: number): Promise<IdpMetadata> {
  const { root, all } = await readXml(text, { comments: true, bytesMax: BYTES_MAX })
  const descriptors = all.filter((element) => isNamed(element, NS.metadata, 'IDPSSODescriptor'))
  const [idp] = descriptors
  if (idp === undefined) throw new XmlRefused('no identity provider in the metadata')
  if (descriptors.length > 1)
    throw new XmlRefused('more than one identity provider in the metadata')
  const entity = idp.parentNode
  if (entity === null || !isNamed(entity, NS.metadata, 'EntityDescriptor'))
    throw new XmlRefused('an identity provider without an entity')
  for (const element of [root, entity, idp]) {
    const untilMs = timeOf(element, 'validUntil')
    if (untilMs !== null && untilMs <= nowMs) throw new XmlRefused('the metadata has expired')
  }
  const loginUrl = placeOf(idp, 'SingleSignOnService')
  if (loginUrl === null) throw new XmlRefused('no login by redirect is offered')
  const certificates = certificatesOf(idp)
  if (certificates.length === 0) throw new XmlRefused('no certificate that signs')
  return {
    entityId: attributeOf(entity, 'entityID'),
    loginUrl,
    logoutUrl: placeOf(idp, 'SingleLogoutService'),
    certificates,
  }
}

function placeOf(idp: XmlElement, name: string): string | null {
  const service = childrenOf(idp, NS.metadata, name).find(
    (element) => attributeOf(element, 'Binding') === REDIRECT,
  )
  const url = service === undefined ? '' : attributeOf(service, 'Location')
  return /^https?:/.test(url) && URL.canParse(url) ? url : null
}

function certificatesOf(idp: XmlElement): readonly string[] {
  return childrenOf(idp, NS.metadata, 'KeyDescriptor')
    .filter((descriptor) => attributeOf(descriptor, 'use') !== 'encryption')
    .flatMap((descriptor) => childrenOf(descriptor, NS.signature, 'KeyInfo'))
    .flatMap((info) => childrenOf(info, NS.signature, 'X509Data'))
    .flatMap((data) => childrenOf(data, NS.signature, 'X509Certificate'))
    .slice(0, CERTIFICATES_MAX)
    .map((certificate) => pemOf(textOf(certificate)))
}

function pemOf(base64: string): string {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64')).toString()
  } catch (error) {
    throw new XmlRefused('a certificate that is none', { cause: error })
  }
}

/** Reads it once a day; while it cannot be read again, what was read last stays. */
export function keptMetadata(source: string, clock: Clock): () => Promise<IdpMetadata> {
  let known: { readonly metadata: IdpMetadata; readonly atMs: number } | null = null
  return async () => {
    const nowMs = clock.nowMs()
    if (known !== null && nowMs - known.atMs < READ_EVERY_MS) return known.metadata
    try {
      known = { metadata: await readIdpMetadata(await textFrom(source), nowMs), atMs: nowMs }
    } catch (error) {
      if (known === null) throw error
      known = { ...known, atMs: nowMs }
    }
    return known.metadata
  }
}

async function textFrom(source: string): Promise<string> {
  if (!/^https?:/.test(source)) return readFile(source, 'utf8')
  const answer = await fetch(source, { redirect: 'error', signal: AbortSignal.timeout(FETCH_MS) })
  if (!answer.ok || answer.body === null) {
    // What nobody reads would keep its connection until it is collected.
    await answer.body?.cancel()
    throw new XmlRefused(`status ${answer.status}`)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body) {
    bytes += chunk.length
    if (bytes > BYTES_MAX) throw new XmlRefused('too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
