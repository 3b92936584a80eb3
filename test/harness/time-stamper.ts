/** A small RFC 3161 time stamping authority on loopback, for tests. */
import { createHash, type webcrypto } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'

const SHA256 = '2.16.840.1.101.3.4.2.1'

export interface TimeStamper extends AsyncDisposable {
  readonly url: string
  readonly certificate: pkijs.Certificate
  readonly pem: string
  /** Changes what the next answers say. */
  readonly lie: {
    imprint: boolean
    nonce: boolean
    signature: boolean
    refuse: boolean
    /** Added to the time. */
    laterMs: number
  }
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

async function certificateFor(
  keys: webcrypto.CryptoKeyPair,
  purposes: readonly string[],
  critical: boolean,
) {
  const certificate = new pkijs.Certificate()
  certificate.version = 2
  certificate.serialNumber = new asn1js.Integer({ value: 1 })
  const name = (): pkijs.AttributeTypeAndValue =>
    new pkijs.AttributeTypeAndValue({
      type: '2.5.4.3',
      value: new asn1js.Utf8String({ value: 'Test TSA' }),
    })
  certificate.issuer.typesAndValues.push(name())
  certificate.subject.typesAndValues.push(name())
  certificate.notBefore.value = new Date(Date.now() - 3_600_000)
  certificate.notAfter.value = new Date(Date.now() + 3_600_000)
  certificate.extensions = [
    new pkijs.Extension({
      extnID: '2.5.29.37',
      critical,
      extnValue: new pkijs.ExtKeyUsage({ keyPurposes: [...purposes] }).toSchema().toBER(),
      parsedValue: new pkijs.ExtKeyUsage({ keyPurposes: [...purposes] }),
    }),
  ]
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey)
  await certificate.sign(keys.privateKey, 'SHA-256')
  return pkijs.Certificate.fromBER(certificate.toSchema().toBER())
}

export async function startTimeStamper(
  purposes: readonly string[] = ['1.3.6.1.5.5.7.3.8'],
  critical = true,
): Promise<TimeStamper> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const certificate = await certificateFor(keys, purposes, critical)
  const lie = { imprint: false, nonce: false, signature: false, refuse: false, laterMs: 0 }
  const answer = async (bytes: Buffer): Promise<Buffer> => {
    const request = pkijs.TimeStampReq.fromBER(bufferOf(bytes))
    const info = new pkijs.TSTInfo({
      version: 1,
      policy: '1.2.3.4',
      messageImprint: lie.imprint
        ? new pkijs.MessageImprint({
            hashAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: SHA256 }),
            hashedMessage: new asn1js.OctetString({
              valueHex: bufferOf(createHash('sha256').update('else').digest()),
            }),
          })
        : request.messageImprint,
      serialNumber: new asn1js.Integer({ value: 7 }),
      genTime: new Date(Date.now() + lie.laterMs),
      ...(request.nonce === undefined
        ? {}
        : { nonce: lie.nonce ? new asn1js.Integer({ value: 5 }) : request.nonce }),
    })
    const signed = new pkijs.SignedData({
      version: 3,
      encapContentInfo: new pkijs.EncapsulatedContentInfo({
        eContentType: '1.2.840.113549.1.9.16.1.4',
        eContent: new asn1js.OctetString({ valueHex: info.toSchema().toBER() }),
      }),
      signerInfos: [
        new pkijs.SignerInfo({
          version: 1,
          sid: new pkijs.IssuerAndSerialNumber({
            issuer: certificate.issuer,
            serialNumber: certificate.serialNumber,
          }),
        }),
      ],
      certificates: [certificate],
    })
    await signed.sign(keys.privateKey, 0, 'SHA-256')
    const [signer] = signed.signerInfos
    if (lie.signature && signer !== undefined) {
      const bad = Buffer.from(signer.signature.valueBlock.valueHexView)
      bad[bad.length - 1]! ^= 1
      signer.signature = new asn1js.OctetString({ valueHex: bufferOf(bad) })
    }
    const content = new pkijs.ContentInfo({
      contentType: '1.2.840.113549.1.7.2',
      content: signed.toSchema(true),
    })
    const response = new pkijs.TimeStampResp({
      status: new pkijs.PKIStatusInfo({
        status: lie.refuse ? pkijs.PKIStatus.rejection : pkijs.PKIStatus.granted,
      }),
      ...(lie.refuse ? {} : { timeStampToken: content }),
    })
    return Buffer.from(response.toSchema().toBER())
  }
  const server = createServer((request, response) => {
    void buffer(request)
      .then(answer)
      .then((bytes) =>
        response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(bytes),
      )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    certificate,
    pem: `-----BEGIN CERTIFICATE-----\n${Buffer.from(certificate.toSchema().toBER()).toString('base64')}\n-----END CERTIFICATE-----\n`,
    lie,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
