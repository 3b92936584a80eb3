/** Judges one SAML assertion: who made it, for whom, where, when, in answer to what; for console login and bearer grants. */
import {
  NS,
  XmlRefused,
  attributeOf,
  childOf,
  childrenOf,
  isNamed,
  readXml,
  textOf,
  timeOf,
} from './strict-xml.ts'
import type { XmlElement } from './strict-xml.ts'
import { signedPart } from './signed-xml.ts'

const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer'
const TEXT_CHARS_MAX = 512
const VALUES_MAX = 2000

export interface AssertionRules {
  /** Entity id of the identity provider. */
  readonly issuer: string
  /** PEM; any of them may have signed. */
  readonly certificates: readonly string[]
  /** Any of them may be the audience. */
  readonly audiences: readonly string[]
  /** The one address it may be delivered to (RFC 7522: the token endpoint). */
  readonly recipient: string
  /** The request it must answer; null where none was made, and then it must not claim to answer one. */
  readonly inResponseTo: string | null
  readonly nowMs: number
  readonly skewMs: number
}

export interface VerifiedAssertion {
  /** For the replay cache, together with the issuer. */
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly subjectFormat: string
  readonly sessionIndex: string
  readonly attributes: ReadonlyMap<string, readonly string[]>
  /** From here on nobody accepts it, so a replay cache may forget it. */
  readonly expiresAtMs: number
}

/** An assertion that comes alone and must be signed itself (RFC 7522). Throws `XmlRefused`. */
export async function verifySignedAssertion(
  text: string,
  rules: AssertionRules,
): Promise<VerifiedAssertion> {
  const document = await readXml(text)
  if (!isNamed(document.root, NS.assertion, 'Assertion')) throw new XmlRefused('no assertion')
  refuseMore(document.all)
  const verified = signedPart(document, document.root, rules.certificates)
  if (verified === null) throw new XmlRefused('the assertion is not signed')
  return judgeAssertion((await readXml(verified)).root, rules)
}

/** One assertion in all, and signatures nowhere but directly in it: what wrapping attacks need is not there. */
function refuseMore(all: readonly XmlElement[]): void {
  const assertions = all.filter((element) => element.localName === 'Assertion')
  const signatures = all.filter((element) => element.localName === 'Signature')
  if (assertions.length !== 1) throw new XmlRefused('more than one assertion')
  if (signatures.some(({ parentNode }) => parentNode !== assertions[0]))
    throw new XmlRefused('a signature where none belongs')
}

/** `assertion` must come from bytes whose signature was checked. Throws `XmlRefused`. */
export function judgeAssertion(assertion: XmlElement, rules: AssertionRules): VerifiedAssertion {
  if (!isNamed(assertion, NS.assertion, 'Assertion')) throw new XmlRefused('no assertion')
  if (attributeOf(assertion, 'Version') !== '2.0') throw new XmlRefused('not SAML 2.0')
  const id = short(attributeOf(assertion, 'ID'))
  if (id === '') throw new XmlRefused('no id')
  const issuer = textOf(childOf(assertion, NS.assertion, 'Issuer'))
  if (issuer !== rules.issuer) throw new XmlRefused('made by somebody else')
  const issuedAtMs = timeOf(assertion, 'IssueInstant')
  if (issuedAtMs === null || issuedAtMs > rules.nowMs + rules.skewMs)
    throw new XmlRefused('made in the future')
  const subject = childOf(assertion, NS.assertion, 'Subject')
  const nameId = subject === null ? null : childOf(subject, NS.assertion, 'NameID')
  const name = short(textOf(nameId))
  if (subject === null || nameId === null || name === '') throw new XmlRefused('no subject')
  const confirmedUntilMs = confirmation(subject, rules)
  const conditionsUntilMs = conditions(assertion, rules)
  const statement = childrenOf(assertion, NS.assertion, 'AuthnStatement')[0]
  return {
    id,
    issuer,
    subject: name,
    subjectFormat: short(attributeOf(nameId, 'Format')),
    sessionIndex: statement === undefined ? '' : sessionOf(statement, rules),
    attributes: attributesOf(assertion),
    expiresAtMs: Math.max(confirmedUntilMs, conditionsUntilMs) + rules.skewMs,
  }
}

/** SAML profiles 4.1.4.2: one confirmation by bearer must fit in everything. */
function confirmation(subject: XmlElement, rules: AssertionRules): number {
  const problems: string[] = []
  for (const element of childrenOf(subject, NS.assertion, 'SubjectConfirmation')) {
    const data = childOf(element, NS.assertion, 'SubjectConfirmationData')
    if (attributeOf(element, 'Method') !== BEARER || data === null) continue
    const problem = confirmationProblem(data, rules)
    const untilMs = timeOf(data, 'NotOnOrAfter')
    if (problem === null && untilMs !== null) return untilMs
    problems.push(problem ?? 'no end of time')
  }
  throw new XmlRefused(problems[0] ?? 'no confirmation by bearer')
}

function confirmationProblem(data: XmlElement, rules: AssertionRules): string | null {
  if (attributeOf(data, 'Recipient') !== rules.recipient) return 'for another recipient'
  if (attributeOf(data, 'InResponseTo') !== (rules.inResponseTo ?? ''))
    return 'in answer to another request'
  return timeProblem(data, rules, 'must-end')
}

function conditions(assertion: XmlElement, rules: AssertionRules): number {
  const element = childOf(assertion, NS.assertion, 'Conditions')
  if (element === null) throw new XmlRefused('no conditions')
  const problem = timeProblem(element, rules, 'may-end')
  if (problem !== null) throw new XmlRefused(problem)
  const restrictions = childrenOf(element, NS.assertion, 'AudienceRestriction')
  if (restrictions.length === 0) throw new XmlRefused('for no audience')
  for (const restriction of restrictions) {
    const audiences = childrenOf(restriction, NS.assertion, 'Audience').map(textOf)
    if (!audiences.some((audience) => rules.audiences.includes(audience)))
      throw new XmlRefused('for another audience')
  }
  return timeOf(element, 'NotOnOrAfter') ?? 0
}

function sessionOf(statement: XmlElement, rules: AssertionRules): string {
  const endsMs = timeOf(statement, 'SessionNotOnOrAfter')
  if (endsMs !== null && endsMs + rules.skewMs <= rules.nowMs) throw new XmlRefused('too late')
  return short(attributeOf(statement, 'SessionIndex'))
}

function timeProblem(
  element: XmlElement,
  { nowMs, skewMs }: AssertionRules,
  end: 'must-end' | 'may-end',
): string | null {
  const from = timeOf(element, 'NotBefore')
  const until = timeOf(element, 'NotOnOrAfter')
  // A time we cannot read is no time.
  if (attributeOf(element, 'NotBefore') !== '' && from === null) return 'a time that is none'
  if (attributeOf(element, 'NotOnOrAfter') !== '' && until === null) return 'a time that is none'
  if (from !== null && nowMs < from - skewMs) return 'too early'
  if (until === null) return end === 'must-end' ? 'no end of time' : null
  return nowMs >= until + skewMs ? 'too late' : null
}

function attributesOf(assertion: XmlElement): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, readonly string[]>()
  for (const statement of childrenOf(assertion, NS.assertion, 'AttributeStatement')) {
    for (const attribute of childrenOf(statement, NS.assertion, 'Attribute')) {
      const values = childrenOf(attribute, NS.assertion, 'AttributeValue')
        .map((value) => short(textOf(value)))
        .slice(0, VALUES_MAX)
      const names = [attributeOf(attribute, 'Name'), attributeOf(attribute, 'FriendlyName')]
      for (const name of names) {
        if (name !== '') attributes.set(name, [...(attributes.get(name) ?? []), ...values])
      }
    }
  }
  return attributes
}

function short(text: string): string {
  if (text.length > TEXT_CHARS_MAX) throw new XmlRefused('a text that is too long')
  return text
}
