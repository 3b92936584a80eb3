import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RSA_SHA1, makeKeyPair, samlResponse } from '../../../test/harness/saml.ts'
import type { SamlAnswer } from '../../../test/harness/saml.ts'
import { XmlRefused } from './strict-xml.ts'
import { verifySignedAssertion } from './verify-assertion.ts'
import { SamlDeclined, verifyResponse } from './verify-response.ts'
import type { ResponseRules } from './verify-response.ts'

const idp = makeKeyPair('idp')
const us = makeKeyPair('custody')
const stranger = makeKeyPair('stranger')
const NOW_MS = Date.UTC(2026, 10, 1, 12)

const ANSWER: SamlAnswer = {
  issuer: 'https://idp.example',
  audience: 'https://custody.example/metadata',
  recipient: 'https://custody.example/acs',
  inResponseTo: '_request',
  subject: 'anna',
  attributes: { groups: ['ops', 'dev'] },
  nowMs: NOW_MS,
}

const rules = (changes: Partial<ResponseRules> = {}): ResponseRules => ({
  issuer: ANSWER.issuer,
  certificates: [idp.certificate],
  audiences: [ANSWER.audience],
  recipient: ANSWER.recipient,
  inResponseTo: '_request',
  nowMs: NOW_MS,
  skewMs: 120_000,
  signed: 'both',
  privateKey: us.key,
  ...changes,
})

const made = (changes: Partial<SamlAnswer> = {}, key = idp): Promise<string> =>
  samlResponse(key, us.certificate, { ...ANSWER, ...changes })

async function refused(xml: string, changes: Partial<ResponseRules> = {}): Promise<string> {
  try {
    await verifyResponse(xml, rules(changes))
  } catch (error) {
    assert.ok(error instanceof XmlRefused || error instanceof SamlDeclined, String(error))
    return error.message
  }
  return assert.fail('accepted')
}

for (const signed of ['both', 'assertion', 'response'] as const) {
  test(`a response with what must be signed (${signed}) is read`, async () => {
    const read = await verifyResponse(await made({ signed }), rules({ signed }))
    assert.equal(read.subject, 'anna')
    assert.equal(read.id, '_assertion')
    assert.equal(read.sessionIndex, '_session')
    assert.deepEqual(read.attributes.get('groups'), ['ops', 'dev'])
    assert.ok(read.expiresAtMs > NOW_MS + 300_000)
  })
}

test('an encrypted assertion is read, inside and outside of a signed response', async () => {
  const sealed = await made({ encrypted: true })
  assert.doesNotMatch(sealed, /anna/)
  assert.equal((await verifyResponse(sealed, rules())).subject, 'anna')
  const gcm = 'http://www.w3.org/2009/xmlenc11#aes256-gcm'
  const alone = await made({ encrypted: true, signed: 'assertion', cipher: gcm })
  assert.equal((await verifyResponse(alone, rules({ signed: 'assertion' }))).subject, 'anna')
})

test('CBC is not opened before a signature was checked, and nothing without a key', async () => {
  const cbc = 'http://www.w3.org/2001/04/xmlenc#aes256-cbc'
  const alone = await made({ encrypted: true, signed: 'assertion', cipher: cbc })
  assert.match(await refused(alone, { signed: 'assertion' }), /not accepted/)
  assert.match(await refused(await made({ encrypted: true }), { privateKey: null }), /no key/)
})

test('what must be signed and is not is refused', async () => {
  assert.match(await refused(await made({ signed: 'none' })), /response is not signed/)
  assert.match(await refused(await made({ signed: 'response' })), /assertion is not signed/)
  assert.match(await refused(await made({ signed: 'assertion' })), /response is not signed/)
  const none = await made({ signed: 'none' })
  assert.match(await refused(none, { signed: 'assertion' }), /assertion is not signed/)
  assert.match(await refused(none, { signed: 'response' }), /response is not signed/)
  const wrong = await made({ signed: 'assertion' })
  assert.match(await refused(wrong, { signed: 'response' }), /response is not signed/)
})

test('a signature of somebody else, or of SHA-1, is none', async () => {
  assert.match(await refused(await made({}, stranger)), /does not hold/)
  assert.match(await refused(await made({ algorithm: RSA_SHA1 })), /not an accepted one/)
})

test('a changed letter breaks the signature, wherever it is', async () => {
  for (const signed of ['both', 'assertion', 'response'] as const) {
    const xml = await made({ signed })
    for (const [from, to] of [
      ['>anna<', '>anya<'],
      ['>ops<', '>adm<'],
      ['SessionIndex="_session"', 'SessionIndex="_other"'],
    ] as const) {
      assert.ok(xml.includes(from))
      await refused(xml.replace(from, to), { signed })
    }
  }
})

/** Who it is for, from whom, when: each alone is enough. */
const ELSEWHERE: readonly (readonly [
  what: string,
  answer: Partial<SamlAnswer>,
  ours: Partial<ResponseRules>,
  why: RegExp,
])[] = [
  ['audience', { audience: 'https://other.example' }, {}, /another audience/],
  ['recipient', { recipient: 'https://other.example/acs' }, {}, /another recipient/],
  ['request', { inResponseTo: '_other' }, {}, /another request/],
  ['request of nobody', { inResponseTo: '' }, {}, /another request/],
  ['issuer', { issuer: 'https://evil.example' }, {}, /somebody else/],
  ['clock: late', {}, { nowMs: NOW_MS + 420_001 }, /too late/],
  ['clock: early', {}, { nowMs: NOW_MS - 120_001 }, /future|early/],
]
for (const [what, answer, ours, why] of ELSEWHERE) {
  test(`a response for another ${what} is refused`, async () => {
    for (const signed of ['both', 'assertion', 'response'] as const)
      assert.match(await refused(await made({ ...answer, signed }), { signed, ...ours }), why)
  })
}

test('a response within the skew of clocks is accepted', async () => {
  for (const nowMs of [NOW_MS - 119_000, NOW_MS + 419_000])
    assert.equal((await verifyResponse(await made(), rules({ nowMs }))).subject, 'anna')
})

/** Edits before signing: the provider itself says less than it must. */
const LESS: readonly (readonly [what: string, edit: (xml: string) => string, why: RegExp])[] = [
  [
    'no audience',
    (xml) => xml.replace(/<saml:AudienceRestriction>.*?<\/saml:AudienceRestriction>/, ''),
    /no audience/,
  ],
  [
    'no conditions',
    (xml) => xml.replace(/<saml:Conditions.*?<\/saml:Conditions>/, ''),
    /no conditions/,
  ],
  ['no recipient', (xml) => xml.replace(/ Recipient="[^"]*"/, ''), /another recipient/],
  [
    'no end of time',
    (xml) => xml.replace(/(<saml:SubjectConfirmationData) NotOnOrAfter="[^"]*"/, '$1'),
    /no end of time/,
  ],
  [
    'another confirmation',
    (xml) => xml.replace('cm:bearer', 'cm:sender-vouches'),
    /no confirmation by bearer/,
  ],
  ['no subject', (xml) => xml.replace(/<saml:NameID.*?<\/saml:NameID>/, ''), /no subject/],
  ['an empty name', (xml) => xml.replace('>anna<', '> <'), /no subject/],
  [
    'a time that is none',
    (xml) => xml.replace(/NotBefore="[^"]*"/, 'NotBefore="yesterday"'),
    /time that is none/,
  ],
  [
    'SAML 1.1',
    (xml) => xml.replace(/(<saml:Assertion[^>]*)Version="2.0"/, '$1Version="1.1"'),
    /not SAML 2.0/,
  ],
  [
    'a name with elements',
    (xml) => xml.replace('>anna<', '>an<saml:Issuer>na</saml:Issuer><'),
    /elements where a text/,
  ],
  [
    'two names',
    (xml) => xml.replace(/(<saml:NameID.*?<\/saml:NameID>)/, '$1$1'),
    /more than one NameID/,
  ],
]
for (const [what, edit, why] of LESS) {
  test(`a signed assertion with ${what} is refused`, async () => {
    assert.match(await refused(await made({ edit })), why)
  })
}

test('a provider that says no is told apart from an attack', async () => {
  const status = 'urn:oasis:names:tc:SAML:2.0:status:Responder'
  assert.match(await refused(await made({ status })), /said no/)
})

test('a comment in a name does not cut it (CVE-2017-11427)', async () => {
  const xml = await made({ subject: 'anna@evil.example' })
  assert.match(await refused(xml.replace('anna@evil', 'anna<!-- -->@evil')), /comment/)
  const signed = await made({ edit: (raw) => raw.replace('>anna<', '>root<!-- -->anna<') })
  assert.match(await refused(signed), /comment/)
})

test('entities, document types, CDATA and instructions are refused before anything is resolved', async () => {
  const xml = await made()
  const types = [
    '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
    '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/evil.dtd">',
    '<?xml-stylesheet href="http://127.0.0.1:1/"?>',
  ]
  for (const type of types)
    assert.match(await refused(type + xml), /document type|instruction/, type)
  assert.match(await refused(xml.replace('>anna<', '><![CDATA[anna]]><')), /CDATA/)
})

test('a document that is too large, too deep or no document is refused', async () => {
  assert.match(await refused(`<a>${'x'.repeat(600_000)}</a>`), /too large/)
  assert.match(await refused(`${'<a>'.repeat(60)}${'</a>'.repeat(60)}`), /too deeply/)
  for (const text of ['', 'no', '<a>', '<a></b>', '<a b="1" b="2"/>', '\0']) await refused(text)
})

const element = (xml: string, name: string): string =>
  new RegExp(`<${name}[ >].*</${name}>`, 's').exec(xml)?.[0] ?? assert.fail(name)
const without = (xml: string, part: string): string => {
  assert.ok(xml.includes(part))
  return xml.replace(part, '')
}
/** The signature that stands directly in an element: the first inside it here. */
const signatureOf = (xml: string): string =>
  /<ds:Signature[ >].*?<\/ds:Signature>/s.exec(xml)?.[0] ?? assert.fail('no signature')
const asAdmin = (xml: string, id: string): string =>
  xml.replace('>anna<', '>admin<').replace('ID="_assertion"', `ID="${id}"`)

/** The eight classic variants of signature wrapping (Somorovsky and others, USENIX Security 2012). */
const WRAPPINGS: Readonly<Record<string, (xml: string) => string>> = {
  // Of a signed response: the original inside the signature, and beside it.
  XSW1: (xml) => {
    const signature = signatureOf(xml)
    const original = without(xml, signature)
    const evil = asAdmin(original, '_evil').replace('ID="_response"', 'ID="_evil_response"')
    const around = signature.replace(
      '</ds:Signature>',
      `<ds:Object>${original}</ds:Object></ds:Signature>`,
    )
    return evil.replace('</saml:Issuer>', `</saml:Issuer>${around}`)
  },
  XSW2: (xml) => {
    const signature = signatureOf(xml)
    const original = without(xml, signature)
    const evil = asAdmin(original, '_evil').replace('ID="_response"', 'ID="_evil_response"')
    return evil.replace('</saml:Issuer>', `</saml:Issuer>${original}${signature}`)
  },
  // Of a signed assertion: before, around, after, inside.
  XSW3: (xml) => {
    const signed = element(xml, 'saml:Assertion')
    const evil = asAdmin(without(signed, signatureOf(signed)), '_evil')
    return xml.replace(signed, evil + signed)
  },
  XSW4: (xml) => {
    const signed = element(xml, 'saml:Assertion')
    const evil = asAdmin(without(signed, signatureOf(signed)), '_evil')
    return xml.replace(signed, evil.replace('</saml:Assertion>', `${signed}</saml:Assertion>`))
  },
  XSW5: (xml) => {
    const signed = element(xml, 'saml:Assertion')
    const original = without(signed, signatureOf(signed))
    return xml.replace(signed, asAdmin(signed, '_evil') + original)
  },
  XSW6: (xml) => {
    const signed = element(xml, 'saml:Assertion')
    const signature = signatureOf(signed)
    const original = without(signed, signature)
    const around = signature.replace('</ds:Signature>', `${original}</ds:Signature>`)
    return xml.replace(signed, asAdmin(signed, '_evil').replace(signature, around))
  },
  XSW7: (xml) => {
    const signed = element(xml, 'saml:Assertion')
    const evil = asAdmin(without(signed, signatureOf(signed)), '_evil')
    return xml.replace(signed, `<samlp:Extensions>${evil}</samlp:Extensions>${signed}`)
  },
  XSW8: (xml) => {
    const signed = element(xml, 'saml:Assertion')
    const signature = signatureOf(signed)
    const original = without(signed, signature)
    const around = signature.replace(
      '</ds:Signature>',
      `<ds:Object>${original}</ds:Object></ds:Signature>`,
    )
    return xml.replace(signed, asAdmin(signed, '_evil').replace(signature, around))
  },
}

for (const [name, wrap] of Object.entries(WRAPPINGS)) {
  test(`${name} is refused, whatever is signed and whichever id the evil part carries`, async () => {
    const signed = name === 'XSW1' || name === 'XSW2' ? 'response' : 'assertion'
    for (const as of [signed, 'both'] as const) {
      const wrapped = wrap(await made({ signed: as }))
      assert.match(wrapped, />admin</)
      for (const mode of ['both', 'assertion', 'response'] as const) {
        await refused(wrapped, { signed: mode })
        // The same with the id of the original: which of two is meant depends on who reads.
        await refused(
          wrapped.replaceAll('_evil_response', '_response').replaceAll('_evil', '_assertion'),
          { signed: mode },
        )
      }
    }
  })
}

test('an assertion that comes alone is read when it is signed, and answers no request', async () => {
  const alone = element(await made({ signed: 'assertion', inResponseTo: '' }), 'saml:Assertion')
  const own = rules({ inResponseTo: null })
  assert.equal((await verifySignedAssertion(alone, own)).subject, 'anna')
  const reject = async (text: string, changes: Partial<ResponseRules> = {}): Promise<void> => {
    await assert.rejects(verifySignedAssertion(text, { ...own, ...changes }), XmlRefused)
  }
  await reject(alone.replace('>anna<', '>admin<'))
  await reject(without(alone, signatureOf(alone)))
  await reject(element(await made({ signed: 'assertion' }), 'saml:Assertion'))
  await reject(alone, { audiences: ['https://other.example'] })
  await reject(alone, { recipient: 'https://custody.example/oauth/token' })
  await reject(
    alone.replace(
      '</saml:Assertion>',
      `${asAdmin(without(alone, signatureOf(alone)), '_e')}</saml:Assertion>`,
    ),
  )
})

test('no change of a signed response makes it say something else', async () => {
  const xml = await made()
  await fc.assert(
    fc.asyncProperty(
      fc.nat(xml.length - 1),
      fc.integer({ min: 33, max: 126 }),
      async (at, code) => {
        const changed = xml.slice(0, at) + String.fromCodePoint(code) + xml.slice(at + 1)
        try {
          const read = await verifyResponse(changed, rules())
          assert.equal(read.subject, 'anna')
          assert.deepEqual(read.attributes.get('groups'), ['ops', 'dev'])
        } catch (error) {
          assert.ok(error instanceof XmlRefused || error instanceof SamlDeclined, String(error))
        }
      },
    ),
    { numRuns: 150 },
  )
})
