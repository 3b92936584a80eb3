/** Reads XML from outside in the narrow form that SAML needs: no document type, no comments, no CDATA, unique ids, bounded. */
import { parseDomFromString } from '@node-saml/node-saml/lib/xml.js'

export const NS = {
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  metadata: 'urn:oasis:names:tc:SAML:2.0:metadata',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
  encryption: 'http://www.w3.org/2001/04/xmlenc#',
} as const

const BYTES_MAX = 512 * 1024
const ELEMENTS_MAX = 10_000
const DEPTH_MAX = 40
const ELEMENT_NODE = 1

/** What we use of a DOM element. */
export interface XmlElement {
  readonly nodeType: number
  readonly localName: string | null
  readonly namespaceURI: string | null
  readonly parentNode: XmlElement | null
  readonly childNodes: ArrayLike<XmlElement>
  readonly attributes: ArrayLike<{ readonly name: string; readonly value: string }>
  readonly textContent: string | null
  readonly getAttribute: (name: string) => string | null
  readonly hasAttribute: (name: string) => boolean
  /** The element as XML. */
  readonly toString: () => string
}

/** Our own words: nothing of what was sent. */
export class XmlRefused extends Error {
  override readonly name = 'XmlRefused'
}

export interface XmlDocument {
  /** The very text that signatures are checked over. */
  readonly text: string
  readonly root: XmlElement
  /** Every element, in document order. */
  readonly all: readonly XmlElement[]
}

export interface XmlLeave {
  /** Metadata that people edit has comments; nothing is read across them. */
  readonly comments?: boolean
  readonly bytesMax?: number
}

export async function readXml(text: string, leave: XmlLeave = {}): Promise<XmlDocument> {
  if (Buffer.byteLength(text) > (leave.bytesMax ?? BYTES_MAX)) throw new XmlRefused('too large')
  // Parsers disagree over what they decode a lone surrogate or NUL to.
  if (!text.isWellFormed() || text.includes('\0')) throw new XmlRefused('not well-formed text')
  const declared = text.replace(/^\uFEFF?\s*<\?xml\s[^>]*\?>/, '')
  const bare = leave.comments === true ? declared.replaceAll(/<!--[\s\S]*?-->/g, '') : declared
  // A document type is XXE and entity bombs; a comment splits a name in two (CVE-2017-11427); CDATA hides both.
  if (bare.includes('<!')) throw new XmlRefused('document type, comment or CDATA')
  if (bare.includes('<?')) throw new XmlRefused('processing instruction')
  refuseLooseTags(bare)
  const root = await parse(text)
  const all: XmlElement[] = []
  collect(root, 0, all)
  refuseDoubledIds(all)
  return { text, root, all }
}

const TAG = /<\/?[A-Za-z_][\w.:-]*(?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*\/?>/y

/** The parser mends what is not quite XML; a document that must be mended is read differently by whoever mends otherwise. */
function refuseLooseTags(text: string): void {
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', TAG.lastIndex)) {
    TAG.lastIndex = at
    if (!TAG.test(text)) throw new XmlRefused('not well-formed XML')
  }
}

async function parse(text: string): Promise<XmlElement> {
  try {
    const document: unknown = await parseDomFromString(text)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the DOM of the parser, in the part we use
    return (document as { readonly documentElement: XmlElement }).documentElement
  } catch (error) {
    throw new XmlRefused('not well-formed XML', { cause: error })
  }
}

function collect(element: XmlElement, depth: number, all: XmlElement[]): void {
  if (depth > DEPTH_MAX) throw new XmlRefused('nested too deeply')
  if (all.length >= ELEMENTS_MAX) throw new XmlRefused('too many elements')
  all.push(element)
  for (const child of elementsIn(element)) collect(child, depth + 1, all)
}

/** A signature names what it covers by id: with two of one id, one is checked and the other is read. */
function refuseDoubledIds(all: readonly XmlElement[]): void {
  const seen = new Set<string>()
  for (const element of all) {
    for (const { name, value } of Array.from(element.attributes)) {
      if (!/^(?:xml:)?id$/i.test(name)) continue
      if (seen.has(value)) throw new XmlRefused('two elements with one id')
      seen.add(value)
    }
  }
}

export function elementsIn(parent: XmlElement): readonly XmlElement[] {
  return Array.from(parent.childNodes).filter(({ nodeType }) => nodeType === ELEMENT_NODE)
}

export function isNamed(element: XmlElement, namespace: string, name: string): boolean {
  return element.namespaceURI === namespace && element.localName === name
}

export function childrenOf(
  parent: XmlElement,
  namespace: string,
  name: string,
): readonly XmlElement[] {
  return elementsIn(parent).filter((element) => isNamed(element, namespace, name))
}

/** Null when there is none; two where one belongs are refused. */
export function childOf(parent: XmlElement, namespace: string, name: string): XmlElement | null {
  const found = childrenOf(parent, namespace, name)
  if (found.length > 1) throw new XmlRefused(`more than one ${name}`)
  return found[0] ?? null
}

export function textOf(element: XmlElement | null): string {
  if (element !== null && elementsIn(element).length > 0)
    throw new XmlRefused('elements where a text belongs')
  return (element?.textContent ?? '').trim()
}

/** Empty when it is not there. */
export function attributeOf(element: XmlElement, name: string): string {
  return element.hasAttribute(name) ? (element.getAttribute(name) ?? '') : ''
}

/** An xs:dateTime in UTC, as SAML wants it; null for anything else. */
export function timeOf(element: XmlElement, name: string): number | null {
  const text = attributeOf(element, name)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text)) return null
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : ms
}
