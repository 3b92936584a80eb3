/** Addresses and keys of crypto currencies with their checksums. */
import { sha256 } from './sha256.ts'

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const BECH32_LENGTH_MAX = 90
const BECH32M = 0x2bc830a3
const CHECKSUM_BYTES = 4

/** Base58Check: the last four bytes are the head of the double SHA-256 of the rest. */
export function isBase58Check(text: string): boolean {
  const bytes = decodeBase58(text)
  if (bytes === null || bytes.length < CHECKSUM_BYTES + 20) return false
  const body = bytes.subarray(0, -CHECKSUM_BYTES)
  const sum = sha256(sha256(body))
  return bytes.subarray(-CHECKSUM_BYTES).every((byte, i) => byte === sum[i])
}

function decodeBase58(text: string): Uint8Array | null {
  const bytes: number[] = []
  for (const char of text) {
    let carry = BASE58.indexOf(char)
    if (carry < 0) return null
    for (let i = 0; i < bytes.length; i += 1) {
      carry += (bytes[i] ?? 0) * 58
      bytes[i] = carry & 0xff
      carry >>= 8
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 0xff)
  }
  const zeros = text.length - text.replace(/^1+/, '').length
  return Uint8Array.from([...Array.from({ length: zeros }, () => 0), ...bytes.toReversed()])
}

/** BIP 173 and BIP 350. */
export function isBech32(text: string): boolean {
  const value = text.toLowerCase()
  if (value !== text && value.toUpperCase() !== text) return false
  const split = value.lastIndexOf('1')
  if (split < 1 || value.length > BECH32_LENGTH_MAX || value.length - split < 7) return false
  const prefix = Array.from(value.slice(0, split), (char) => char.charCodeAt(0))
  const body = Array.from(value.slice(split + 1), (char) => BECH32.indexOf(char))
  if (body.includes(-1)) return false
  const check = polymod([
    ...prefix.map((unit) => unit >> 5),
    0,
    ...prefix.map((unit) => unit & 31),
    ...body,
  ])
  return check === 1 || check === BECH32M
}

function polymod(values: readonly number[]): number {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
  return values.reduce((state, value) => {
    const top = state >>> 25
    const shifted = ((state & 0x1ffffff) << 5) ^ value
    return generators.reduce(
      (sum, generator, i) => ((top >> i) & 1 ? sum ^ generator : sum),
      shifted,
    )
  }, 1)
}
