import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { before, test } from 'node:test'
import fc from 'fast-check'
import {
  CLIENT_AUTH,
  CN,
  OU,
  SERVER_AUTH,
  makeAuthority,
} from '../../../test/harness/certificates.ts'
import type { Authority } from '../../../test/harness/certificates.ts'
import { readCertificate } from './read-certificate.ts'

let authority: Authority
before(async () => {
  authority = await makeAuthority('Acme, Root')
})

test('names, purposes and times of a certificate are read as they stand in it', async () => {
  const { der, cert } = await authority.issue({
    subject: [
      [CN, 'build "7"'],
      [OU, 'ci'],
      [OU, 'linux'],
      ['1.2.3.4', 'of our own'],
    ],
    uris: ['spiffe://acme.example/ns/ci/sa/build'],
    dns: ['a.example', 'b.example'],
    emails: ['ci@acme.example'],
    purposes: [SERVER_AUTH, CLIENT_AUTH],
    notAfterMs: Date.UTC(2027, 0, 2),
  })
  const facts = readCertificate(der, 'ab')
  const { serialNumber } = new X509Certificate(cert)
  assert.deepEqual(facts?.claims, {
    'subject.CN': 'build "7"',
    'subject.OU': ['ci', 'linux'],
    'subject.1.2.3.4': 'of our own',
    uri: 'spiffe://acme.example/ns/ci/sa/build',
    dns: ['a.example', 'b.example'],
    email: 'ci@acme.example',
    issuer: String.raw`CN=Acme\, Root`,
    subject: String.raw`CN=build \"7\",OU=ci,OU=linux,1.2.3.4=of our own`,
    serial: serialNumber.toLowerCase(),
    fingerprint: 'ab',
  })
  assert.equal(facts.isForClients, true)
  assert.equal(facts.isAuthority, false)
  assert.equal(facts.notAfterMs, Date.UTC(2027, 0, 2))
})

test('a name that two readers could read in two ways makes the certificate unreadable', async () => {
  for (const wish of [
    { subject: [[CN, 'alice\u0000.evil.example']] as const },
    { uris: ['spiffe://acme.example/a\n'] },
    { subject: [[CN, '']] as const },
    { uris: ['spiffe://acme.example/a', 'spiffe://acme.example/b'] },
    { uris: ['https://acme.example/a', 'spiffe://acme.example/b'] },
  ])
    assert.equal(readCertificate((await authority.issue(wish)).der, ''), null, JSON.stringify(wish))
})

test('authorities and certificates without or with another purpose are told from callers', async () => {
  for (const [wish, isForClients, isAuthority] of [
    [{ purposes: null }, false, false],
    [{ purposes: [SERVER_AUTH] }, false, false],
    [{ purposes: [] }, false, false],
    [{ isAuthority: true }, true, true],
  ] as const) {
    const facts = readCertificate((await authority.issue(wish)).der, '')
    assert.deepEqual([facts?.isForClients, facts?.isAuthority], [isForClients, isAuthority])
  }
})

test('bytes that are no certificate, cut or changed, are read as none and never throw', async () => {
  const { der } = await authority.issue({ subject: [[CN, 'x']] })
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), (at, byte) => {
      assert.equal(readCertificate(der.subarray(0, at), ''), null)
      const changed = Buffer.from(der)
      changed[at] = byte
      readCertificate(changed, '')
    }),
    { numRuns: 200 },
  )
  assert.equal(readCertificate(Buffer.alloc(0), ''), null)
})
