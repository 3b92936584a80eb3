/** RFC 3161 time stamps of checkpoints: asks a time stamping authority, and checks what its token says and who signed it. */
import { createHash, randomBytes } from 'node:crypto'
import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'
import { post } from './post.ts'
import { isTrusted } from './trusted-stamper.ts'

const SHA256 = '2.16.840.1.101.3.4.2.1'
const TST_INFO = '1.2.840.113549.1.9.16.1.4'
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'

/** The DER bytes of a TimeStampResp. Rejects when the token is not of these bytes, or was not granted. */
export async function requestTimestamp(url: string, data: Buffer): Promise<Buffer> {
  const nonce = randomBytes(8)
  // A DER integer that begins with a set bit would be negative.
  nonce[0] = (nonce[0] ?? 0) & 0x7f || 1
  const request = new pkijs.TimeStampReq({
    version: 1,
    messageImprint: new pkijs.MessageImprint({
      hashAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: SHA256 }),
      hashedMessage: new asn1js.OctetString({ valueHex: arrayBuffer(digestOf(data)) }),
    }),
    nonce: new asn1js.Integer({ valueHex: arrayBuffer(nonce) }),
    certReq: true,
  })
  const answer = await post({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/timestamp-query' },
    body: Buffer.from(request.toSchema().toBER()),
  })
  if (answer.status !== 200) throw new Error(`${url} answers ${answer.status}`)
  const stamp = await readTimestamp(answer.body, data)
  if (stamp.kind === 'refused') throw new Error(`${url}: ${stamp.reason}`)
  if (stamp.nonce === null || !stamp.nonce.equals(nonce))
    throw new Error(`${url} answers another question`)
  return answer.body
}

export type TimestampReading =
  | {
      readonly kind: 'ok'
      readonly timeMs: number
      /** Common name of who signed. */
      readonly by: string
      readonly nonce: Buffer | null
    }
  | { readonly kind: 'refused'; readonly reason: string }

const refused = (reason: string) => ({ kind: 'refused', reason }) as const

/**
 * Whether the token speaks of `data` and its own certificate signed it, with time stamping as its critical purpose; and, where
 * authorities are given, whether one of them stands behind that certificate. Without, that is for `openssl ts -verify`.
 */
export async function readTimestamp(
  token: Buffer,
  data: Buffer,
  authorities: readonly pkijs.Certificate[] | null = null,
): Promise<TimestampReading> {
  try {
    return await read(token, data, authorities)
  } catch (error) {
    return refused(`the token cannot be read: ${error instanceof Error ? error.message : ''}`)
  }
}

async function read(
  token: Buffer,
  data: Buffer,
  authorities: readonly pkijs.Certificate[] | null,
): Promise<TimestampReading> {
  const response = pkijs.TimeStampResp.fromBER(arrayBuffer(token))
  const granted = [pkijs.PKIStatus.granted, pkijs.PKIStatus.grantedWithMods]
  if (!granted.includes(response.status.status) || response.timeStampToken === undefined)
    return refused('the time stamp was not granted')
  const signed = new pkijs.SignedData({ schema: response.timeStampToken.content })
  const content = signed.encapContentInfo.eContent
  if (signed.encapContentInfo.eContentType !== TST_INFO || content === undefined)
    return refused('the token holds no time')
  const info = pkijs.TSTInfo.fromBER(content.getValue())
  const imprint = Buffer.from(info.messageImprint.hashedMessage.valueBlock.valueHexView)
  if (info.messageImprint.hashAlgorithm.algorithmId !== SHA256 || !imprint.equals(digestOf(data)))
    return refused('the token is of other bytes')
  const verdict = await signed.verify({
    signer: 0,
    // For a token this is what it dates; the signature is over the token's own content.
    data: arrayBuffer(data),
    extendedMode: true,
    checkChain: false,
  })
  const certificate = verdict.signerCertificate
  if (verdict.signatureVerified !== true || certificate === null || certificate === undefined)
    return refused('the signature of the token does not hold')
  if (!isTimeStamper(certificate)) return refused('its signer may not give time stamps')
  const timeMs = info.genTime.getTime()
  const others = (signed.certificates ?? []).filter((one) => one instanceof pkijs.Certificate)
  if (authorities !== null && !(await isTrusted(certificate, others, authorities, timeMs)))
    return refused('no authority that you trust stands behind its signer')
  return {
    kind: 'ok',
    timeMs,
    by: nameOf(certificate),
    nonce: info.nonce === undefined ? null : Buffer.from(info.nonce.valueBlock.valueHexView),
  }
}

/** RFC 3161 2.3: the purpose must be there, alone and critical. */
function isTimeStamper({ extensions = [] }: pkijs.Certificate): boolean {
  const purpose = extensions.find(({ extnID }) => extnID === '2.5.29.37')
  if (purpose === undefined || !purpose.critical) return false
  const { parsedValue } = purpose
  if (!(parsedValue instanceof pkijs.ExtKeyUsage)) return false
  const { keyPurposes } = parsedValue
  return keyPurposes.length === 1 && keyPurposes[0] === TIME_STAMPING
}

function nameOf({ subject }: pkijs.Certificate): string {
  const name = subject.typesAndValues.find(({ type }) => type === '2.5.4.3')
  return name?.value.valueBlock.value ?? ''
}

const digestOf = (data: Buffer): Buffer => createHash('sha256').update(data).digest()

function arrayBuffer(bytes: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length)
  bytes.copy(new Uint8Array(copy))
  return copy
}
