/** Checks a signature on an element and gives back only what it covers; weak and foreign algorithms count as none. */
import { getVerifiedXml } from '@node-saml/node-saml/lib/xml.js'
import { NS, XmlRefused, attributeOf, childrenOf, elementsIn, isNamed } from './strict-xml.ts'
import type { XmlDocument, XmlElement } from './strict-xml.ts'

/** No SHA-1, and no HMAC: with HMAC a public certificate would be the key. */
const SIGNATURE_METHODS = new Set([
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
])
const DIGEST_METHODS = new Set([
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512',
])
/** Both exclusive canonicalisations; no XPath, no XSLT, no base64. */
const TRANSFORMS = new Set([
  'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
])
const CANONICAL = 'http://www.w3.org/2001/10/xml-exc-c14n#'

/**
 * The signed bytes of `element`, or null when it carries no signature. Throws `XmlRefused` when it carries one that does
 * not hold. Whoever reads on must read what is returned, never the document it came from (signature wrapping).
 */
export function signedPart(
  document: XmlDocument,
  element: XmlElement,
  certificates: readonly string[],
): string | null {
  const signatures = childrenOf(element, NS.signature, 'Signature')
  if (signatures.length > 1) throw new XmlRefused('more than one signature')
  const [signature] = signatures
  if (signature === undefined) return null
  checkAlgorithms(signature)
  let verified: string | null
  try {
    verified = getVerifiedXml(document.text, element, [...certificates])
  } catch (error) {
    throw new XmlRefused('the signature is not one of this element', { cause: error })
  }
  if (verified === null) throw new XmlRefused('the signature does not hold')
  return verified
}

function checkAlgorithms(signature: XmlElement): void {
  const check = (name: string, allowed: ReadonlySet<string>): void => {
    for (const element of inside(signature)) {
      if (isNamed(element, NS.signature, name) && !allowed.has(attributeOf(element, 'Algorithm')))
        throw new XmlRefused(`${name} is not an accepted one`)
    }
  }
  check('SignatureMethod', SIGNATURE_METHODS)
  check('DigestMethod', DIGEST_METHODS)
  check('Transform', TRANSFORMS)
  check('CanonicalizationMethod', new Set([CANONICAL]))
  // An Object inside a signature can hold a copy of what is signed.
  if (childrenOf(signature, NS.signature, 'Object').length > 0)
    throw new XmlRefused('a signature with an object inside')
}

function inside(element: XmlElement): readonly XmlElement[] {
  return elementsIn(element).flatMap((child) => [child, ...inside(child)])
}
