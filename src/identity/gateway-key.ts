/** Gateway keys: secrets with the prefix `cst_`. */
import type { MintedSecret } from './secret-text.ts'
import { mintSecret, parseSecret } from './secret-text.ts'

const PREFIX = 'cst_'

export type MintedKey = MintedSecret

export type ParsedKey =
  | { readonly kind: 'key'; readonly hash: string }
  | { readonly kind: 'malformed' }

export function mintKey(): MintedKey {
  return mintSecret(PREFIX)
}

export function parseKey(text: string): ParsedKey {
  const hash = parseSecret(PREFIX, text)
  return hash === null ? { kind: 'malformed' } : { kind: 'key', hash }
}

/** True for what is meant to be a gateway key, well-formed or not. */
export function looksLikeGatewayKey(text: string): boolean {
  return text.startsWith(PREFIX)
}
