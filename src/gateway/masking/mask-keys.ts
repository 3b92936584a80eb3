/** Keyed functions of masking: digests, ciphertexts and tokens that only this installation can make. */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { MaskKeys } from '../../detect/operators.ts'
import { textHmacOf } from '../../lib/hmac.ts'

export interface IssuedToken {
  readonly token: string
  readonly entity: string
  readonly value: string
}

const TOKEN_DIGITS = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const ENCRYPTED = 'enc_v1.'

/** Looks like `<EMAIL_ADDRESS_9f86d081884c7d65>`: ASCII, short, and models copy it faithfully. */
export const TOKEN_SHAPE = /<[A-Z][A-Z0-9_]*_[0-9a-f]{16}>/g

/** Callers whose keys are kept: deriving one costs as much as using it three times. */
const DERIVED_MAX = 4096
const derivedKeys = new WeakMap<Buffer, Map<string, Buffer>>()

function derived(master: Buffer, purpose: string, scope: string): Buffer {
  const name = `custody/masking/v1\0${purpose}\0${scope}`
  let keys = derivedKeys.get(master)
  if (keys === undefined || keys.size >= DERIVED_MAX) {
    keys = new Map()
    derivedKeys.set(master, keys)
  }
  let key = keys.get(name)
  if (key === undefined) {
    key = createHmac('sha256', master).update(name).digest()
    keys.set(name, key)
  }
  return key
}

/**
 * `scope` is the caller: the same value gives the same replacement in all its conversations, so that prompt caches
 * of the provider survive, and no other caller can restore or compare it. Fingerprints are the same for everybody.
 */
export function createMaskKeys(
  master: Buffer,
  scope: string,
  onToken: (issued: IssuedToken) => void,
): MaskKeys {
  const keyFor = (purpose: string): Buffer =>
    derived(master, purpose, purpose === 'fingerprint' ? '' : scope)
  const digest = (purpose: string, value: string): string => textHmacOf(keyFor(purpose))(value)
  return {
    digest,
    encrypt: (value) => {
      // Threat: equal nonces for different values break GCM; a keyed digest of the value as nonce (SIV) cannot collide by chance.
      const nonce = createHmac('sha256', keyFor('nonce'))
        .update(value)
        .digest()
        .subarray(0, NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', keyFor('encrypt'), nonce)
      const sealed = Buffer.concat([nonce, cipher.update(value), cipher.final()])
      return ENCRYPTED + Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url')
    },
    tokenFor: (entity, value) => {
      const token = `<${entity}_${digest('token', `${entity}\0${value}`).slice(0, TOKEN_DIGITS)}>`
      onToken({ token, entity, value })
      return token
    },
  }
}

/** The value behind a ciphertext of the same scope; null when it is none. */
export function decryptMask(master: Buffer, scope: string, text: string): string | null {
  if (!text.startsWith(ENCRYPTED)) return null
  const sealed = Buffer.from(text.slice(ENCRYPTED.length), 'base64url')
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return null
  const key = derived(master, 'encrypt', scope)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    const body = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
  } catch {
    // Made under another key or changed on the way.
    return null
  }
}
