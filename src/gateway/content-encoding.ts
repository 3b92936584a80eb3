/** Undoes Content-Encoding for reading only; what is forwarded and recorded stays as it was received. */
import { promisify } from 'node:util'
import {
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzip,
  inflate,
  zstdDecompress,
} from 'node:zlib'
import type { Transform } from 'node:stream'

export interface ContentDecoder {
  /** Null when the bytes do not decode or grow beyond `bytesMax` (a decompression bomb). */
  readonly whole: (bytes: Buffer, bytesMax: number) => Promise<Buffer | null>
  readonly stream: () => Transform
}

function decoder(
  whole: (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>,
  stream: () => Transform,
): ContentDecoder {
  return {
    whole: async (bytes, bytesMax) => {
      try {
        return await whole(bytes, { maxOutputLength: bytesMax })
      } catch {
        return null
      }
    },
    stream,
  }
}

const GZIP = decoder(promisify(gunzip), createGunzip)

const DECODERS: ReadonlyMap<string, ContentDecoder | 'identity'> = new Map<
  string,
  ContentDecoder | 'identity'
>([
  ['', 'identity'],
  ['identity', 'identity'],
  ['gzip', GZIP],
  ['x-gzip', GZIP],
  ['deflate', decoder(promisify(inflate), createInflate)],
  ['br', decoder(promisify(brotliDecompress), createBrotliDecompress)],
  ['zstd', decoder(promisify(zstdDecompress), createZstdDecompress)],
])

/** Null for encodings that are not understood, stacked ones (`gzip, gzip`) included. */
export function contentDecoder(header: string | null): ContentDecoder | 'identity' | null {
  return DECODERS.get((header ?? '').trim().toLowerCase()) ?? null
}
