/** Encrypts the masked excerpts of a card: they are part of a prompt, and the control database must not hold one in the clear. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Excerpt } from '../model/approval.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

export interface CardSeal {
  readonly seal: (approval: string, excerpts: readonly Excerpt[]) => string
  /** Empty when it cannot be opened: made by a gateway with other keys, or damaged. */
  readonly open: (approval: string, sealed: string | null) => readonly Excerpt[]
}

export function createCardSeal(master: Buffer): CardSeal {
  const key = Buffer.from(hkdfSync('sha256', master, '', 'custody/approval-card/v1', 32))
  return {
    seal: (approval, excerpts) => {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      cipher.setAAD(Buffer.from(approval))
      const sealed = Buffer.concat([cipher.update(JSON.stringify(excerpts)), cipher.final()])
      return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url')
    },
    open: (approval, sealed) => {
      if (sealed === null) return []
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return []
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
        decipher.setAAD(Buffer.from(approval))
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
        const text = Buffer.concat([
          decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)),
          decipher.final(),
        ])
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- codec: `seal` wrote it, and the tag was checked
        return JSON.parse(text.toString()) as readonly Excerpt[]
      } catch {
        return []
      }
    },
  }
}
