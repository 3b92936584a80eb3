/** Writes and reads the tar archives of bundles (POSIX ustar, regular files only); refuses everything else. */

const TAR_BLOCK = 512
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/
const NAME_MAX = 99
const SIZE_MAX = 0o77777777777

export const isTarName = (name: string): boolean => name.length <= NAME_MAX && NAME.test(name)

function checksumOf(header: Buffer): number {
  let sum = 0
  // The checksum's own field counts as spaces.
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte
  return sum
}

export function tarHeader(name: string, size: number, modifiedS: number): Buffer {
  if (!isTarName(name)) throw new Error(`${name} cannot be the name of a file in a bundle`)
  if (size > SIZE_MAX) throw new Error(`${name} is too large for a bundle`)
  const header = Buffer.alloc(TAR_BLOCK)
  const octal = (value: number, at: number, digits: number): void =>
    void header.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1')
  header.write(name, 0, 'latin1')
  octal(0o600, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(size, 124, 11)
  octal(modifiedS, 136, 11)
  header.write('0', 156, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** What follows `size` bytes of content. */
export const tarPadding = (size: number): Buffer =>
  Buffer.alloc((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK)

export const TAR_END = Buffer.alloc(TAR_BLOCK * 2)

export interface TarFile {
  readonly name: string
  readonly size: number
  /** To be read to its end before the next file is asked for. */
  readonly content: AsyncGenerator<Buffer, void>
}

class Source {
  readonly #chunks: AsyncIterator<Uint8Array>
  #buffer: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** At least one byte, at most `most`; null at the end. */
  async some(most: number): Promise<Buffer | null> {
    while (this.#buffer.length === 0) {
      const next = await this.#chunks.next()
      if (next.done === true) return null
      this.#buffer = Buffer.from(next.value)
    }
    const part = this.#buffer.subarray(0, most)
    this.#buffer = this.#buffer.subarray(part.length)
    return part
  }

  async exactly(length: number): Promise<Buffer | null> {
    const parts: Buffer[] = []
    let missing = length
    while (missing > 0) {
      const part = await this.some(missing)
      if (part === null) {
        if (missing === length) return null
        throw new Error('the archive is cut short')
      }
      parts.push(part)
      missing -= part.length
    }
    return Buffer.concat(parts)
  }
}

function octalAt(header: Buffer, at: number, length: number): number {
  const text = header.toString('latin1', at, at + length).replace(/[\0 ]+$/, '')
  if (!/^[0-7]+$/.test(text)) throw new Error('a header of the archive is malformed')
  return Number.parseInt(text, 8)
}

function textAt(header: Buffer, at: number, length: number): string {
  const text = header.toString('latin1', at, at + length)
  const end = text.indexOf('\0')
  return end === -1 ? text : text.slice(0, end)
}

/** Throws on anything that `tarHeader` does not make: links, devices, names that lead elsewhere, a missing end. */
export async function* readTar(input: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile, void> {
  const source = new Source(input)
  for (;;) {
    const header = await source.exactly(TAR_BLOCK)
    if (header === null) throw new Error('the archive has no end')
    if (header.every((byte) => byte === 0)) {
      const last = await source.exactly(TAR_BLOCK)
      if (last === null || !last.every((byte) => byte === 0))
        throw new Error('the archive has no end')
      for (let more = await source.some(65_536); more !== null; more = await source.some(65_536)) {
        if (!more.every((byte) => byte === 0)) throw new Error('bytes follow the archive')
      }
      return
    }
    if (octalAt(header, 148, 8) !== checksumOf(header))
      throw new Error('a header of the archive is damaged')
    const name = textAt(header, 0, 100)
    if (header[156] !== 0x30 || textAt(header, 345, 155) !== '' || !isTarName(name))
      throw new Error('the archive holds what no bundle holds')
    const size = octalAt(header, 124, 12)
    let left = size
    const content = (async function* (): AsyncGenerator<Buffer, void> {
      while (left > 0) {
        const part = await source.some(left)
        if (part === null) throw new Error('the archive is cut short')
        left -= part.length
        yield part
      }
    })()
    yield { name, size, content }
    for await (const _rest of content);
    const padding = tarPadding(size).length
    const zeros = padding === 0 ? null : await source.exactly(padding)
    if (padding > 0 && (zeros === null || !zeros.every((byte) => byte === 0)))
      throw new Error('the archive holds what no bundle holds')
  }
}
