/** Judges a SAML response to a login of ours: its shape, its signatures as configured, and the one assertion in it. */
import { decryptXml } from '@node-saml/node-saml/lib/xml.js'
import { signedPart } from './signed-xml.ts'
import { NS, XmlRefused, attributeOf, childOf, isNamed, readXml, textOf } from './strict-xml.ts'
import type { XmlDocument, XmlElement } from './strict-xml.ts'
import { judgeAssertion } from './verify-assertion.ts'
import type { AssertionRules, VerifiedAssertion } from './verify-assertion.ts'

const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success'
/** Authenticated encryption; CBC is opened only below a signature that was checked (padding oracles). */
const SEALED = new Set([
  'http://www.w3.org/2009/xmlenc11#aes128-gcm',
  'http://www.w3.org/2009/xmlenc11#aes256-gcm',
])
const UNSEALED = new Set([
  'http://www.w3.org/2001/04/xmlenc#aes128-cbc',
  'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
])
/** RSA with PKCS#1 v1.5 is not among them (Bleichenbacher). */
const KEY_TRANSPORT = new Set([
  'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
  'http://www.w3.org/2009/xmlenc11#rsa-oaep',
])

export interface ResponseRules extends AssertionRules {
  readonly signed: 'both' | 'assertion' | 'response'
  /** PEM; null when we have none, and then nothing may be encrypted. */
  readonly privateKey: string | null
}

/** The provider said no; not an attack. */
export class SamlDeclined extends Error {
  override readonly name = 'SamlDeclined'
}

/** Throws `XmlRefused` or `SamlDeclined`. */
export async function verifyResponse(
  text: string,
  rules: ResponseRules,
): Promise<VerifiedAssertion> {
  const received = await readXml(text)
  checkShape(received)
  const signed = signedPart(received, received.root, rules.certificates)
  if (signed === null && rules.signed !== 'assertion')
    throw new XmlRefused('the response is not signed')
  // From here on only what the signature covers is read.
  const document = signed === null ? received : await readXml(signed)
  checkResponse(document.root, rules)
  const assertion = await assertionOf(document, rules, signed !== null)
  return judgeAssertion(assertion, rules)
}

/**
 * One response, one assertion directly in it, signatures directly in either: all eight classic wrappings need a second
 * assertion, a second response or a signature somewhere else.
 */
function checkShape({ root, all }: XmlDocument): void {
  if (!isNamed(root, NS.protocol, 'Response')) throw new XmlRefused('no response')
  const named = (name: string) => all.filter((element) => element.localName === name)
  const assertions = [...named('Assertion'), ...named('EncryptedAssertion')]
  if (named('Response').length !== 1) throw new XmlRefused('more than one response')
  if (assertions.length > 1) throw new XmlRefused('more than one assertion')
  const [assertion] = assertions
  if (assertion !== undefined && assertion.parentNode !== root)
    throw new XmlRefused('an assertion where none belongs')
  for (const signature of named('Signature')) {
    if (signature.parentNode !== root && signature.parentNode !== assertion)
      throw new XmlRefused('a signature where none belongs')
  }
}

function checkResponse(response: XmlElement, rules: ResponseRules): void {
  if (attributeOf(response, 'Version') !== '2.0') throw new XmlRefused('not SAML 2.0')
  const destination = attributeOf(response, 'Destination')
  if (destination !== '' && destination !== rules.recipient)
    throw new XmlRefused('for another recipient')
  const issuer = childOf(response, NS.assertion, 'Issuer')
  if (issuer !== null && textOf(issuer) !== rules.issuer)
    throw new XmlRefused('made by somebody else')
  if (attributeOf(response, 'InResponseTo') !== (rules.inResponseTo ?? ''))
    throw new XmlRefused('in answer to another request')
  const status = childOf(response, NS.protocol, 'Status')
  const code = status === null ? null : childOf(status, NS.protocol, 'StatusCode')
  if (code === null) throw new XmlRefused('no status')
  if (attributeOf(code, 'Value') !== SUCCESS) throw new SamlDeclined('the provider said no')
}

async function assertionOf(
  document: XmlDocument,
  rules: ResponseRules,
  isSigned: boolean,
): Promise<XmlElement> {
  const plain = childOf(document.root, NS.assertion, 'Assertion')
  if (plain !== null) return signedAssertion(document, plain, rules)
  const sealed = childOf(document.root, NS.assertion, 'EncryptedAssertion')
  if (sealed === null) throw new XmlRefused('no assertion')
  const opened = await readXml(await decrypted(sealed, rules, isSigned))
  if (!isNamed(opened.root, NS.assertion, 'Assertion')) throw new XmlRefused('no assertion')
  if (opened.all.filter(({ localName }) => localName === 'Assertion').length !== 1)
    throw new XmlRefused('more than one assertion')
  return signedAssertion(opened, opened.root, rules)
}

async function signedAssertion(
  document: XmlDocument,
  assertion: XmlElement,
  rules: ResponseRules,
): Promise<XmlElement> {
  const signed = signedPart(document, assertion, rules.certificates)
  if (signed !== null) return (await readXml(signed)).root
  if (rules.signed !== 'response') throw new XmlRefused('the assertion is not signed')
  return assertion
}

async function decrypted(
  sealed: XmlElement,
  rules: ResponseRules,
  isSigned: boolean,
): Promise<string> {
  if (rules.privateKey === null) throw new XmlRefused('encrypted, and there is no key')
  const data = childOf(sealed, NS.encryption, 'EncryptedData')
  const method = data === null ? null : childOf(data, NS.encryption, 'EncryptionMethod')
  const algorithm = method === null ? '' : attributeOf(method, 'Algorithm')
  if (!SEALED.has(algorithm) && !(isSigned && UNSEALED.has(algorithm)))
    throw new XmlRefused('encrypted in a way that is not accepted')
  for (const element of everyIn(sealed)) {
    if (!isNamed(element, NS.encryption, 'EncryptedKey')) continue
    const transport = childOf(element, NS.encryption, 'EncryptionMethod')
    if (transport === null || !KEY_TRANSPORT.has(attributeOf(transport, 'Algorithm')))
      throw new XmlRefused('a key wrapped in a way that is not accepted')
  }
  try {
    return await decryptXml(sealed.toString(), rules.privateKey)
  } catch (error) {
    throw new XmlRefused('cannot be decrypted', { cause: error })
  }
}

function everyIn(element: XmlElement): readonly XmlElement[] {
  return Array.from(element.childNodes)
    .filter(({ nodeType }) => nodeType === 1)
    .flatMap((child) => [child, ...everyIn(child)])
}
