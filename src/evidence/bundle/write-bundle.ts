/** Writes a bundle as a stream: files as they come, then the manifest that lists them and the note that signs it. */
import { hash } from 'node:crypto'
import type { NoteSigner } from '../log/note-key.ts'
import {
  BUNDLE_FORMAT,
  BUNDLE_VERSION,
  MANIFEST,
  SIGNATURE,
  signManifest,
  type BundledFile,
  type Manifest,
} from './manifest.ts'
import { TAR_END, tarHeader, tarPadding } from './tar.ts'

/** Resolves when the next piece may come. */
export type Sink = (bytes: Buffer) => Promise<void>

export class BundleWriter {
  readonly #sink: Sink
  readonly #modifiedS: number
  readonly #files: BundledFile[] = []

  constructor(sink: Sink, createdAtMs: number) {
    this.#sink = sink
    this.#modifiedS = Math.floor(createdAtMs / 1000)
  }

  async add(path: string, type: string, content: Buffer | string): Promise<void> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    await this.#write(path, bytes)
    this.#files.push({ path, bytes: bytes.length, sha256: hash('sha256', bytes, 'hex'), type })
  }

  /** Returns the digest of the manifest, by which the bundle is known. */
  async finish(
    head: Omit<Manifest, 'format' | 'version' | 'files'>,
    signer: NoteSigner,
  ): Promise<string> {
    const manifest: Manifest = {
      format: BUNDLE_FORMAT,
      version: BUNDLE_VERSION,
      ...head,
      files: this.#files,
    }
    const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
    await this.#write(MANIFEST, bytes)
    await this.#write(SIGNATURE, signManifest(head.id, bytes, signer))
    await this.#sink(TAR_END)
    return hash('sha256', bytes, 'hex')
  }

  async #write(path: string, bytes: Buffer): Promise<void> {
    await this.#sink(tarHeader(path, bytes.length, this.#modifiedS))
    if (bytes.length > 0) await this.#sink(bytes)
    const padding = tarPadding(bytes.length)
    if (padding.length > 0) await this.#sink(padding)
  }
}
