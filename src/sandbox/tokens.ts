/** Counts tokens the sandbox way: four bytes of UTF-8 are one token, and nothing is less than one. */

const BYTES_PER_TOKEN = 4
/** A prompt at least this long is answered as if half of it came from the provider's prompt cache. */
const CACHE_FROM_TOKENS = 1024

export interface Usage {
  /** All input tokens, cached ones included. */
  readonly input: number
  readonly cached: number
  /** All output tokens, reasoning included. */
  readonly output: number
  readonly reasoning: number
}

/** Tokens of `text`, at least 1. */
export function tokensOf(text: string): number {
  return tokensOfBytes(Buffer.byteLength(text))
}

function tokensOfBytes(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN))
}

/** Tokens of every string anywhere inside the given JSON values; keys and numbers count nothing. */
export function promptTokens(...values: readonly unknown[]): number {
  let bytes = 0
  const open: unknown[] = [...values]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'string') bytes += Buffer.byteLength(value)
    else if (Array.isArray(value)) for (const item of value) open.push(item)
    else if (typeof value === 'object' && value !== null)
      for (const item of Object.values(value)) open.push(item)
  }
  return tokensOfBytes(bytes)
}

export function cachedTokens(input: number): number {
  return input < CACHE_FROM_TOKENS ? 0 : Math.floor(input / 256) * 128
}
