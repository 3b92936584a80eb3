/** Writes what we say in SAML: login and logout requests, logout answers, our own metadata. */
import { sign } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { escapedMarkup } from '../../lib/escaped-markup.ts'
import { POST, REDIRECT } from './idp-metadata.ts'
import { NS } from './strict-xml.ts'

const SIGNATURE_ALGORITHM = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success'

export interface Sender {
  readonly entityId: string
  /** PEM; null sends unsigned. */
  readonly privateKey: string | null
}

interface MessageHead {
  readonly id: string
  readonly nowMs: number
  readonly destination: string
}

export function loginRequest(
  sender: Sender,
  head: MessageHead,
  assertionConsumerUrl: string,
): string {
  return message('AuthnRequest', sender, head, {
    attributes: { AssertionConsumerServiceURL: assertionConsumerUrl, ProtocolBinding: POST },
    inner: '<samlp:NameIDPolicy AllowCreate="true"/>',
  })
}

export function logoutRequest(
  sender: Sender,
  head: MessageHead,
  who: { readonly subject: string; readonly format: string; readonly sessionIndex: string },
): string {
  const format = who.format === '' ? '' : ` Format="${escapedMarkup(who.format)}"`
  const index =
    who.sessionIndex === ''
      ? ''
      : `<samlp:SessionIndex>${escapedMarkup(who.sessionIndex)}</samlp:SessionIndex>`
  return message('LogoutRequest', sender, head, {
    attributes: {},
    inner: `<saml:NameID${format}>${escapedMarkup(who.subject)}</saml:NameID>${index}`,
  })
}

export function logoutResponse(sender: Sender, head: MessageHead, inResponseTo: string): string {
  return message('LogoutResponse', sender, head, {
    attributes: { InResponseTo: inResponseTo },
    inner: `<samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status>`,
  })
}

function message(
  name: string,
  sender: Sender,
  { id, nowMs, destination }: MessageHead,
  part: { readonly attributes: Readonly<Record<string, string>>; readonly inner: string },
): string {
  const attributes = Object.entries({
    ID: id,
    Version: '2.0',
    IssueInstant: new Date(nowMs).toISOString(),
    Destination: destination,
    ...part.attributes,
  })
    .map(([key, value]) => ` ${key}="${escapedMarkup(value)}"`)
    .join('')
  return `<samlp:${name} xmlns:samlp="${NS.protocol}" xmlns:saml="${NS.assertion}"${attributes}><saml:Issuer>${escapedMarkup(sender.entityId)}</saml:Issuer>${part.inner}</samlp:${name}>`
}

/** SAML bindings 3.4.4: deflated into the query, and signed over the query as it is written. */
export function redirectUrl(
  destination: string,
  kind: 'SAMLRequest' | 'SAMLResponse',
  xml: string,
  more: { readonly relayState: string; readonly privateKey: string | null },
): string {
  const pairs = [`${kind}=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}`]
  if (more.relayState !== '') pairs.push(`RelayState=${encodeURIComponent(more.relayState)}`)
  if (more.privateKey !== null) {
    pairs.push(`SigAlg=${encodeURIComponent(SIGNATURE_ALGORITHM)}`)
    const signature = sign('sha256', Buffer.from(pairs.join('&')), more.privateKey)
    pairs.push(`Signature=${encodeURIComponent(signature.toString('base64'))}`)
  }
  return `${destination}${destination.includes('?') ? '&' : '?'}${pairs.join('&')}`
}

export function serviceMetadata(service: {
  readonly entityId: string
  readonly assertionConsumerUrl: string
  readonly logoutUrl: string
  /** PEM; null when we have no key. */
  readonly certificate: string | null
  readonly wantAssertionsSigned: boolean
}): string {
  const { certificate } = service
  const bare = certificate?.replaceAll(/-----[A-Z ]+-----|\s/g, '') ?? ''
  const keys =
    certificate === null
      ? ''
      : ['signing', 'encryption']
          .map(
            (use) =>
              `<md:KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="${NS.signature}"><ds:X509Data><ds:X509Certificate>${bare}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
          )
          .join('')
  const logout =
    certificate === null
      ? ''
      : `<md:SingleLogoutService Binding="${REDIRECT}" Location="${escapedMarkup(service.logoutUrl)}"/>`
  return `<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="${NS.metadata}" entityID="${escapedMarkup(service.entityId)}"><md:SPSSODescriptor AuthnRequestsSigned="${String(certificate !== null)}" WantAssertionsSigned="${String(service.wantAssertionsSigned)}" protocolSupportEnumeration="${NS.protocol}">${keys}${logout}<md:AssertionConsumerService Binding="${POST}" Location="${escapedMarkup(service.assertionConsumerUrl)}" index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>
`
}
