import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idpMetadata, makeKeyPair } from '../../../test/harness/saml.ts'
import { readIdpMetadata } from './idp-metadata.ts'
import { XmlRefused } from './strict-xml.ts'

const { certificate } = makeKeyPair('idp')
const metadata = idpMetadata('urn:idp', 'https://idp.example', certificate)

test('metadata says who the provider is, where it listens and what signs', async () => {
  const read = await readIdpMetadata(metadata, 0)
  assert.deepEqual(
    [read.entityId, read.loginUrl, read.logoutUrl],
    ['urn:idp', 'https://idp.example/sso', 'https://idp.example/slo'],
  )
  assert.equal(read.certificates[0]?.replaceAll(/\s/g, ''), certificate.replaceAll(/\s/g, ''))
})

test('a certificate that only encrypts does not sign', async () => {
  await assert.rejects(
    readIdpMetadata(metadata.replace('use="signing"', 'use="encryption"'), 0),
    /no certificate that signs/,
  )
  const both = await readIdpMetadata(metadata.replace(' use="signing"', ''), 0)
  assert.equal(both.certificates.length, 1)
})

test('metadata that has expired, names two providers, or none, is refused', async () => {
  const bad = [
    metadata.replace('entityID=', 'validUntil="2020-01-01T00:00:00Z" entityID='),
    metadata.replaceAll('IDPSSODescriptor', 'SPSSODescriptor'),
    metadata.replace(/<md:IDPSSODescriptor.*<\/md:IDPSSODescriptor>/s, '$&$&'),
    metadata.replaceAll('HTTP-Redirect', 'HTTP-POST'),
    metadata.replace(/<ds:X509Certificate>[^<]*/, '<ds:X509Certificate>AAAA'),
    metadata.replaceAll('https://idp.example/sso', 'javascript:alert(1)'),
    `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>${metadata}`,
    'not xml',
  ]
  for (const text of bad)
    await assert.rejects(
      readIdpMetadata(text, Date.UTC(2026, 0, 1)),
      XmlRefused,
      text.slice(0, 300),
    )
})
